"""The pieces that a page under review is cut into, each with the label that a person sees."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from segmenter.errors import InputError
from segmenter.labelled import LabelledPage
from segmenter.page import Block


class Piece(NamedTuple):
    """``text[start:end]`` of a page, and its label."""

    start: int
    end: int
    label: str


Pieces = tuple[Piece, ...]


def of_blocks(blocks: Iterable[Block]) -> Pieces:
    """The model's blocks as pieces."""
    return tuple(Piece(block.start, block.end, str(block.label)) for block in blocks)


def of_labelled(page: LabelledPage, blocks: Sequence[Block]) -> Pieces:
    """The pieces of a page with labels.

    They are cut as the page's ``cuts`` say, else as the model's blocks, and where a label changes.
    """
    text = page.text
    cuts = page.details.get("cuts")
    spans = [(block.start, block.end) for block in blocks]
    if isinstance(cuts, list) and _ascending(cuts, len(text)):
        spans = [(a, b) for a, b in itertools.pairwise([0, *cuts, len(text)]) if a < b]
    found = []
    place, segment_end = -1, 0
    for start, end in spans:
        while start < end:
            while segment_end <= start:
                place += 1
                segment_end += len(page.segments[place][1])
            stop = min(end, segment_end)
            ink = text[start:stop].strip()
            if ink:
                begin = text.index(ink[0], start)
                found.append(Piece(begin, begin + len(ink), page.segments[place][0]))
            start = stop
    return tuple(found)


def _ascending(cuts: list[Any], length: int) -> bool:
    return all(type(cut) is int and 0 <= cut < length for cut in cuts) and all(
        a < b for a, b in itertools.pairwise(cuts)
    )


def parse(text: str, data: Any, labels: Collection[str]) -> Pieces:
    """The pieces that ``data``, a list of [start, end, label], tells of.

    White space at the edges is left out. Raises `InputError` unless the pieces come in order, do
    not overlap, each hold ink, and cover all the ink of ``text``.
    """
    if not isinstance(data, list):
        raise InputError('"blocks" must be a list of [start, end, label]')
    found = []
    done = 0
    for item in data:
        if not (isinstance(item, list) and len(item) == 3 and _is_piece(item)):
            raise InputError(f"{str(item)[:60]} is no [start, end, label]")
        start, end, label = item
        if label not in labels:
            raise InputError(f"the label {label!r} is none of {', '.join(labels)}")
        if not done <= start < end <= len(text):
            raise InputError(f"the block from {start} to {end} overlaps another or leaves the text")
        if text[done:start].strip():
            raise InputError(f"the characters from {done} to {start} have no label")
        done = end
        ink = text[start:end].strip()
        if not ink:
            raise InputError(f"the block from {start} to {end} holds white space alone")
        start = text.index(ink[0], start)
        found.append(Piece(start, start + len(ink), label))
    if text[done:].strip():
        raise InputError(f"the characters from {done} to the end have no label")
    return tuple(found)


def _is_piece(item: list[Any]) -> bool:
    return type(item[0]) is int and type(item[1]) is int and isinstance(item[2], str)


def version(pieces: Pieces, confirmed: bool) -> str:
    """A short name of a state of a page: the same state has the same name, in every run."""
    return hashlib.sha256(repr((confirmed, pieces)).encode()).hexdigest()[:16]


def agreement(one: Pieces, other: Pieces) -> float:
    """The share of the characters of ``one`` that have the same label in ``other``."""
    total = sum(piece.end - piece.start for piece in one)
    same = sum(
        stop - start for start, stop, a, b in overlaps(one, other) if one[a].label == other[b].label
    )
    return same / total if total else 1.0


def overlaps(
    one: Sequence[Piece | Block], other: Sequence[Piece | Block]
) -> Iterable[tuple[int, int, int, int]]:
    """Where spans of both overlap: start, end, and the places of the two; linear in their number.

    >>> list(overlaps([Piece(0, 4, "x")], [Piece(0, 2, "x"), Piece(3, 9, "y")]))
    [(0, 2, 0, 0), (3, 4, 0, 1)]
    """
    b = 0
    for a, span in enumerate(one):
        while b < len(other) and other[b].end <= span.start:
            b += 1
        c = b
        while c < len(other) and other[c].start < span.end:
            yield max(span.start, other[c].start), min(span.end, other[c].end), a, c
            c += 1


def probabilities(pieces: Pieces, blocks: Sequence[Block]) -> list[tuple[float, ...]]:
    """What the model says of each piece: the mean over its characters of their blocks' words."""
    count = len(blocks[0].probabilities) if blocks else 0
    sums = [[0.0] * count for _ in pieces]
    weights = [0] * len(pieces)
    for start, stop, a, b in overlaps(pieces, blocks):
        weights[a] += stop - start
        for i, value in enumerate(blocks[b].probabilities):
            sums[a][i] += value * (stop - start)
    return [
        tuple(value / max(weight, 1) for value in row)
        for row, weight in zip(sums, weights, strict=True)
    ]
