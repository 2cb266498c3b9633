"""Labelled pages: the page format of ``datasets/``, and the labels of a page's blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import InputError
from segmenter.labelled import from_line
from segmenter.labels import Label
from segmenter.splitter import Ints

DATASETS = Path(__file__).resolve().parent.parent / "datasets"
LABELS = tuple(label.value for label in Label)
DETAILS = ("topic", "from_language", "shape", "voice", "interview")


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page and the label of each of its parts: ``segments`` are (label, text), in order.

    ``writer`` is the batch or source that the page comes from; ``details`` what else is told.
    """

    id: str
    source: str
    writer: str
    segments: tuple[tuple[str, str], ...]
    details: dict[str, str]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for _, text in self.segments)

    @property
    def flags(self) -> frozenset[str]:
        """What the page is flagged as; written one behind the other, with commas or without."""
        return frozenset(self.details.get("flags", "").replace(",", " ").split())


def parse(line: str) -> LabelledPage:
    """The page of one line of JSON. Raises `InputError` for what is not in the page format."""
    page = from_line(line)
    details = {k: v for k, v in page.details.items() if k != "writer" and isinstance(v, str)}
    told = page.details.get("writer")
    writer = told if isinstance(told, str) else page.source
    return LabelledPage(page.id, page.source, writer, page.segments, details)


def load(paths: Iterable[Path] | None = None) -> list[LabelledPage]:
    """The pages of JSONL files; of all files in ``datasets/`` unless given.

    Raises `InputError`, with the line, for what is not in the page format.
    """
    pages = []
    for path in sorted(DATASETS.glob("*.jsonl")) if paths is None else paths:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
        for number, line in enumerate(lines, 1):
            try:
                pages += [parse(line)] if line.strip() else []
            except InputError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
    return pages


def character_labels(page: LabelledPage, labels: Sequence[str] = LABELS) -> NDArray[np.int8]:
    """The place in ``labels`` of each character's label."""
    return np.concatenate(
        [np.full(len(text), labels.index(label), np.int8) for label, text in page.segments]
        or [np.zeros(0, np.int8)]
    )


def block_labels(
    page: LabelledPage, starts: Ints, ends: Ints, labels: Sequence[str] = LABELS
) -> NDArray[np.int8]:
    """The label of each block: that of most of its characters, white space not counted."""
    text = page.text
    of_character = character_labels(page, labels)
    ink = np.array([not char.isspace() for char in text], bool)
    votes = np.zeros((len(text) + 1, len(labels)), np.int64)
    chosen = np.flatnonzero(ink)
    votes[chosen + 1, of_character[chosen]] = 1
    votes = votes.cumsum(axis=0)
    best: NDArray[np.int8] = (votes[ends] - votes[starts]).argmax(axis=1).astype(np.int8)
    return best
