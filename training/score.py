"""Figures of labelled pages against gold, as the project is judged by.

White space counts for nothing; a line has the label of most of its characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from training.pages import LABELS, LabelledPage, character_labels

REPORT = LABELS[0]


@dataclass
class Tally:
    """Counts over pages; add pages, then read the figures.

    ``characters[gold, predicted]`` and ``lines[gold, predicted]``; the predicted place of what no
    block covers is one past the labels.
    """

    characters: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(LABELS), len(LABELS) + 1), np.int64)
    )
    lines: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(LABELS), len(LABELS) + 1), np.int64)
    )
    pages: int = 0
    exact: int = 0
    changes: int = 0
    found_changes: int = 0
    right_changes: int = 0

    def __add__(self, other: Tally) -> Tally:
        """The counts of both."""
        return Tally(*(getattr(self, own.name) + getattr(other, own.name) for own in fields(self)))

    def add(self, page: LabelledPage, predicted: NDArray[np.int8]) -> None:
        """Adds a page; ``predicted`` has the label of each character."""
        text = page.text
        gold = character_labels(page)
        ink = np.array([not char.isspace() for char in text], bool)
        np.add.at(self.characters, (gold[ink], predicted[ink]), 1)
        true, guess = line_labels(text, gold), line_labels(text, predicted)
        np.add.at(self.lines, (true, guess), 1)
        at = set((np.flatnonzero(np.diff(true)) + 1).tolist())
        got = set((np.flatnonzero(np.diff(guess)) + 1).tolist())
        self.pages += 1
        self.exact += bool((true == guess).all())
        self.changes += len(at)
        self.found_changes += len(got)
        self.right_changes += len(at & got)

    def figures(self) -> dict[str, float]:
        """All figures; one that has nothing to count is left out."""
        characters = self.characters
        found = {
            "char_accuracy": _ratio(np.trace(characters), characters.sum()),
            "line_macro_f1": _mean(self.line_f1().values()),
            "kept": _ratio(characters[0, 0], characters[0].sum()),
            "pure": _ratio(characters[0, 0], characters[:, 0].sum()),
            "boundary_f1": _ratio(2 * self.right_changes, self.changes + self.found_changes),
            "pages_exact": _ratio(self.exact, self.pages),
            **{
                f"recall_{label}": _ratio(characters[i, i], characters[i].sum())
                for i, label in enumerate(LABELS)
            },
        }
        return {name: round(value, 4) for name, value in found.items() if value is not None}

    def line_f1(self) -> dict[str, float]:
        """F1 over the lines of each label that is there."""
        f1 = {}
        for i, label in enumerate(LABELS):
            both = self.lines[i].sum() + self.lines[:, i].sum()
            if both:
                f1[label] = float(2 * self.lines[i, i] / both)
        return f1


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def line_labels(text: str, labels: NDArray[np.int8]) -> NDArray[np.int64]:
    """The label of each line with ink: that of most of its characters; the first seen, if equal."""
    found = []
    for match in re.finditer(r"[^\n]+", text):
        votes = Counter(int(labels[i]) for i in range(*match.span()) if not text[i].isspace())
        if votes:
            found.append(votes.most_common(1)[0][0])
    return np.array(found, np.int64)


def spread(
    length: int, starts: NDArray[np.int64], ends: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.int8]:
    """The label of each character, from blocks; one past the labels where there is no block."""
    of_character = np.full(length, len(LABELS), np.int8)
    for start, end, label in zip(starts.tolist(), ends.tolist(), labels.tolist(), strict=True):
        of_character[start:end] = label
    return of_character
