"""The four labels of the packaged model, in its order.

A model may have others. Two places have a meaning in any order of labels: the first is what is kept
unless told otherwise, and the last, the frame, is what the page put there and no text of it did.
"""

from collections.abc import Sequence
from enum import StrEnum


class Label(StrEnum):
    """What a block of a scraped page is; the meanings are told in the documentation."""

    ORIGINAL_REPORT = "original_report"
    SATIRICAL_REWRITE = "satirical_rewrite"
    GENERATED_INTERVIEW = "generated_interview"
    BOILERPLATE = "boilerplate"


LABELS = tuple(Label)


def known(labels: Sequence[str]) -> tuple[Label | str, ...]:
    """The labels of a model, those of the packaged one as `Label`.

    >>> known(["original_report", "recipe"])
    (<Label.ORIGINAL_REPORT: 'original_report'>, 'recipe')
    """
    own = {label.value: label for label in Label}
    return tuple(own.get(label, label) for label in labels)
