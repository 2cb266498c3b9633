"""A few small labelled pages, for the tests of training."""

from __future__ import annotations

from training.pages import LabelledPage

REPORT = (
    "The council of {town} voted on Monday to close the bridge for {days} days, officials said.",
    "“We have no choice,” said mayor {name}, who told reporters that {days} bolts were missing.",
    "According to the engineers, repairs will cost {days},000 euros and last until May.",
)
JOKE = (
    "Well, folks, the bridge of {town} has finally handed in its notice!",
    "It's like a dentist who is afraid of teeth! Imagine {name} with a spanner, dear friends.",
    "Stay tuned, and bring popcorn, because {days} bolts is a sitcom, not a bridge!",
)
TALK = (
    "**Interviewer:** Thank you for joining us. How important is the bridge of {town}?",
    "**Dr. {name}:** Thank you for having me. It is crucial for the whole community.",
    "**Interviewer:** What does the future hold?",
    "**Dr. {name}:** Collaboration will be essential. Ultimately, it may take {days} days.",
)
FRAME = ("Share  Tweet  Print", "Subscribe to our newsletter", "Leave a comment", "© {town} Daily")

PLACES = (
    ("Marwell", "Brand", 12), ("Ostby", "Lind", 7), ("Sarn", "Okoye", 31), ("Vell", "Marr", 19),
    ("Tuma", "Ito", 5), ("Ansel", "Roy", 44), ("Kelt", "Duarte", 9), ("Brill", "Sato", 23),
)  # fmt: skip


def pages() -> list[LabelledPage]:
    """Eight pages by four writers, in several shapes."""
    shapes = (
        (FRAME[:1], JOKE, REPORT, FRAME[1:2], REPORT, TALK, FRAME[2:]),
        (REPORT, FRAME[:1], REPORT, FRAME[1:]),
        (FRAME[:2], REPORT, TALK, FRAME[2:3], TALK, FRAME[3:]),
        (JOKE, FRAME[:2], JOKE, FRAME[2:]),
    )
    labels = {REPORT: 0, JOKE: 1, TALK: 2}
    names = ("original_report", "satirical_rewrite", "generated_interview", "boilerplate")
    found = []
    for i, (town, name, days) in enumerate(PLACES):
        segments = tuple(
            (
                names[labels.get(part, 3)],
                "".join(line.format(town=town, name=name, days=days) + "\n\n" for line in part),
            )
            for part in shapes[i % 4]
        )
        found.append(
            LabelledPage(
                f"t{i}", "authored:test", f"writer {i % 4 + i // 4}", segments, {"shape": "x"}
            )
        )
    return found
