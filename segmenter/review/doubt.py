"""Which labels are likeliest to be wrong: the order in which pages are worth a look."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.review import pieces as pc
from segmenter.review.entry import Entry


def doubts(entry: Entry, labels: Sequence[str]) -> list[float]:
    """For each piece, one minus the model's probability of the label that stands.

    It is 0 where a person decided. Of the model's own labels this is its lack of confidence; of
    labels that a page came with, it is the likelihood of a label error by self-confidence
    (Northcutt, Jiang and Chuang, Confident Learning, 2021).
    """
    told = pc.probabilities(entry.pieces, entry.page.blocks)
    place = {label: i for i, label in enumerate(labels)}
    return [
        0.0 if touched else 1 - row[place[piece.label]]
        for piece, row, touched in zip(entry.pieces, told, entry.touched(), strict=True)
    ]


def page_doubt(entry: Entry, labels: Sequence[str]) -> tuple[float, float]:
    """The doubt of the least sure piece, and the share of the characters expected to be wrong."""
    found = doubts(entry, labels)
    sizes = [piece.end - piece.start for piece in entry.pieces]
    wrong = sum(doubt * size for doubt, size in zip(found, sizes, strict=True))
    return max(found, default=0.0), wrong / max(sum(sizes), 1)
