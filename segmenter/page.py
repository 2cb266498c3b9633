"""A page taken apart: its blocks, its segments, its cleaned text."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from segmenter.errors import SegmenterError
from segmenter.labels import LABELS, Label

if TYPE_CHECKING:
    from segmenter.html import HtmlBlock
    from segmenter.metadata import Metadata


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


make_block: Callable[[Iterable[Any]], Block] = partial(tuple.__new__, Block)
"""The block of six fields, as `Block._make` has it, but without a step in Python for each."""


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

    A page read from HTML has its ``metadata``, and in ``layout`` the place of each block in the
    markup; its ``text`` is the rendered text. ``asides`` are the places of blocks that belong to
    the article but are no part of its body: headline, standfirst, captions. ``labels`` are the
    model's, in the order of the blocks' probabilities; the first is kept unless told otherwise.
    """

    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata | None = None
    layout: tuple[HtmlBlock, ...] = field(default=(), repr=False, compare=False)
    asides: frozenset[int] = field(default=frozenset(), repr=False)
    labels: tuple[Label | str, ...] = field(default=LABELS, repr=False)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The maximal runs of one label."""
        runs = itertools.groupby(self.blocks, key=lambda block: block.label)
        return tuple(Segment(label, tuple(blocks)) for label, blocks in runs)

    def kept(
        self,
        keep: Collection[Label | str] | None = None,
        min_confidence: float = 0.0,
        asides: bool = False,
    ) -> list[int]:
        """The places of the blocks that `clean` writes. Raises `SegmenterError` as that does."""
        if keep is None:
            keep = self.labels[:1]
        keep = {keep} if isinstance(keep, str) else set(keep)
        if unknown := keep.difference(self.labels):
            raise SegmenterError(
                f"keep: {min(unknown)!r} is none of the labels {', '.join(self.labels)}"
            )
        if not 0 <= min_confidence <= 1:
            raise SegmenterError(f"min_confidence is from 0 to 1, not {min_confidence!r}")
        return [
            i
            for i, block in enumerate(self.blocks)
            if block.label in keep
            and block.confidence >= min_confidence
            and (asides or i not in self.asides)
        ]

    def clean(
        self,
        keep: Collection[Label | str] | None = None,
        min_confidence: float = 0.0,
        asides: bool = False,
    ) -> str:
        """The text of the blocks whose label is in ``keep``, with the page's own gaps between.

        Unless given, ``keep`` is the model's first label: `Label.ORIGINAL_REPORT`, in the packaged
        one.
        Neighbouring blocks stay as the page parts them; where something was left out, an empty line
        stands. Blocks whose confidence is below ``min_confidence`` are left out. Of a page read
        from HTML, headline, standfirst and captions are left out too, unless ``asides`` is true:
        the headline is in the metadata, and what extractors of articles write is the body.
        Raises `SegmenterError` for a label that the model does not have, and for a
        ``min_confidence`` that is not from 0 to 1.

        >>> Page("", ()).clean()
        ''
        """
        kept = [(i, self.blocks[i]) for i in self.kept(keep, min_confidence, asides)]
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
        """The blocks as plain data, ready for JSON; of HTML, with text, metadata and elements."""
        if self.metadata is not None:
            return {
                "text": self.text,
                "metadata": self.metadata.to_dict(),
                "blocks": self._block_dicts(),
            }
        return {"blocks": self._block_dicts()}

    def _block_dicts(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = [
            {
                "start": block.start,
                "end": block.end,
                "label": block.label,
                "confidence": round(block.confidence, 4),
                "text": block.text,
            }
            for block in self.blocks
        ]
        for data, place in zip(blocks, self.layout, strict=False):
            data["path"] = place.element.path
        return blocks
