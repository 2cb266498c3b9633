"""Label sets: which labels there are, and which labels of pages mean them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segmenter.errors import SegmenterError
from segmenter.labels import Label
from training.pages import LABELS, LabelledPage
from training.rows import Rows
from training.variants import variants

FRAME = Label.BOILERPLATE.value
MOST = 32
"""Labels of a set: each adds two columns of coefficients to the model."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels in the model's order, and the one that each label of a page counts as.

    The first is what is kept unless told otherwise. The last, the frame, is what stands between
    texts and interrupts them.
    """

    names: tuple[str, ...]
    meaning: dict[str, str] = field(repr=False)

    def pages(self, pages: Iterable[LabelledPage]) -> list[LabelledPage]:
        """The pages with these labels. Raises `SegmenterError` for a label that means none."""
        return [replace(page, segments=self._segments(page)) for page in pages]

    def _segments(self, page: LabelledPage) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for label, text in page.segments:
            if label not in self.meaning:
                raise SegmenterError(
                    f"page {page.id}: the label {label!r} is none of {', '.join(self.meaning)}; "
                    "name it in the labels file, or give other pages"
                )
            name = self.meaning[label]
            if found and found[-1][0] == name:
                text = found.pop()[1] + text
            found.append((name, text))
        return tuple(found)

    def rows(self, public: Rows) -> Rows:
        """Counts of public text with these labels; blocks with none of them are unknown."""
        unknown = len(self.names)
        place = [
            self.names.index(self.meaning[label]) if label in self.meaning else unknown
            for label in LABELS
        ]
        label = np.array([*place, unknown], np.int8)[public.label]
        return replace(public, label=label)


def parse(content: str, where: str) -> LabelSet:
    r"""The labels of a labels file, or of a list with commas.

    A label a line; after a colon, the labels of pages that count as it too. ``#`` begins a comment.
    Raises `SegmenterError` for a set that cannot be learned.

    >>> parse("recipe, story, boilerplate", "here").names
    ('recipe', 'story', 'boilerplate')
    >>> parse("made_up: satire, interview\nboilerplate", "here").meaning["satire"]
    'made_up'
    """
    lines = [line.partition("#")[0].strip() for line in content.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) == 1 and ":" not in lines[0]:
        lines = [name.strip() for name in lines[0].split(",")]
    names: list[str] = []
    meaning: dict[str, str] = {}
    for line in lines:
        name, _, others = line.partition(":")
        name = name.strip()
        names.append(name)
        for label in dict.fromkeys([name, *(other.strip() for other in others.split(","))]):
            if label and label in meaning:
                raise SegmenterError(f"{where}: the label {label!r} stands twice")
            if label:
                meaning[label] = name
    if fault := _fault(names):
        raise SegmenterError(f"{where}: {fault}")
    return LabelSet(tuple(names), meaning)


def _fault(names: Sequence[str]) -> str:
    for name in names:
        if not name.replace("_", "").replace("-", "").isalnum():
            return f"a label is a word of letters, figures, - and _, not {name!r}"
    if not 2 <= len(names) <= MOST:
        return f"a label set has 2 to {MOST} labels, this one {len(names)}"
    if FRAME in names[:-1]:
        return f"{FRAME} must stand last: the last label is what the page put between the texts"
    return ""


def read(argument: str) -> LabelSet:
    """The label set in a file, or in a list with commas. Raises `SegmenterError`."""
    path = Path(argument)
    if "," in argument and not path.exists():
        return parse(argument, "LABELS")
    try:
        return parse(path.read_text(encoding="utf-8-sig"), argument)
    except (OSError, UnicodeDecodeError) as error:
        raise SegmenterError(f"{argument}: no labels file can be read: {error}") from error


def variants_of(pages: Sequence[LabelledPage], frame: str) -> list[LabelledPage]:
    """The variants of pages whose frame is called ``frame``."""
    if frame == FRAME:
        return variants(pages)
    found = variants([_renamed(page, frame, FRAME) for page in pages])
    return [_renamed(page, FRAME, frame) for page in found]


def _renamed(page: LabelledPage, old: str, new: str) -> LabelledPage:
    segments = tuple((new if label == old else label, text) for label, text in page.segments)
    return replace(page, segments=segments)
