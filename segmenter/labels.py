"""The four labels, in the order the model uses."""

from enum import StrEnum


class Label(StrEnum):
    """What a block of a scraped page is; the meanings are told in the documentation."""

    ORIGINAL_REPORT = "original_report"
    SATIRICAL_REWRITE = "satirical_rewrite"
    GENERATED_INTERVIEW = "generated_interview"
    BOILERPLATE = "boilerplate"
