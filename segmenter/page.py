"""A page taken apart: its blocks, its segments, its cleaned text."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from segmenter.labels import Label

DEFAULT_KEEP = frozenset({Label.ORIGINAL_REPORT})


class Block(NamedTuple):
    """A piece of a page that has one label; a named tuple, the quickest record to make.

    ``start`` and ``end`` are offsets, in code points, into the page's text. ``confidence`` is the
    probability of the label, and ``probabilities`` those of all labels, in the model's order.
    """

    text: str
    start: int
    end: int
    label: Label | str
    confidence: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A maximal run of blocks with the same label."""

    label: Label | str
    blocks: tuple[Block, ...]

    @property
    def start(self) -> int:
        """Where the first block starts in the page's text."""
        return self.blocks[0].start

    @property
    def end(self) -> int:
        """Where the last block ends in the page's text."""
        return self.blocks[-1].end


@dataclass(frozen=True)
class Page:
    """A text and its blocks, in order.

    ``page.text[block.start:block.end] == block.text`` for every block; blocks do not overlap and
    cover every character that is not white space.
    """

    text: str
    blocks: tuple[Block, ...]

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The maximal runs of one label."""
        runs = itertools.groupby(self.blocks, key=lambda block: block.label)
        return tuple(Segment(label, tuple(blocks)) for label, blocks in runs)

    def clean(
        self, keep: Collection[Label | str] = DEFAULT_KEEP, min_confidence: float = 0.0
    ) -> str:
        """The text of the blocks whose label is in ``keep``, with the page's own gaps between.

        Neighbouring blocks stay as the page parts them; where something was left out, an empty line
        stands. Blocks whose confidence is below ``min_confidence`` are left out.

        >>> Page("", ()).clean()
        ''
        """
        kept = [
            (i, block)
            for i, block in enumerate(self.blocks)
            if block.label in keep and block.confidence >= min_confidence
        ]
        pieces: list[str] = []
        for (i, block), (j, following) in itertools.pairwise(kept):
            gap = self.text[block.end : following.start] if j == i + 1 else "\n\n"
            pieces += (block.text, gap)
        if kept:
            pieces += (kept[-1][1].text, "\n")
        return "".join(pieces)

    def shares(self) -> dict[str, float]:
        """The share of the blocks' characters that each label on the page has; sums to 1."""
        counts: Counter[str] = Counter()
        for block in self.blocks:
            counts[block.label] += block.end - block.start
        return {label: count / counts.total() for label, count in counts.items()}

    def to_dict(self) -> dict[str, Any]:
        """The blocks as plain data, ready for JSON."""
        return {
            "blocks": [
                {
                    "start": block.start,
                    "end": block.end,
                    "label": block.label,
                    "confidence": round(block.confidence, 4),
                    "text": block.text,
                }
                for block in self.blocks
            ]
        }
