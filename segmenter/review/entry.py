"""One page under review: what the model says of it, what it is labelled as, what is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from segmenter.labelled import LabelledPage, to_segments
from segmenter.page import Block, Page
from segmenter.review import pieces as pc
from segmenter.review.pieces import Piece, Pieces


@dataclass(frozen=True, slots=True)
class Before:
    """What the model said of a page when it was first corrected, and which model that was."""

    model: str
    pieces: Pieces

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept beside the corrected page."""
        return {"model": self.model, "blocks": [list(piece) for piece in self.pieces]}

    @classmethod
    def from_dict(cls, text: str, data: Any) -> Before | None:
        """What `to_dict` gave; ``None`` for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("blocks"), list):
            return None
        blocks = data["blocks"]
        for item in blocks:
            if not (isinstance(item, list) and [type(part) for part in item] == [int, int, str]):
                return None
            if not 0 <= item[0] < item[1] <= len(text):
                return None
        return cls(str(data.get("model", "")), tuple(Piece(*item) for item in blocks))


@dataclass(slots=True)
class Entry:
    """A page under review.

    ``page`` is what the model says of it now, ``base`` the labels that it came with, the model's
    unless the page came labelled, ``pieces`` its labels as they stand. ``confirmed``: whether a
    person has said that they are right as they are. ``details`` are the fields that are saved with
    it. ``html``: the page as it was fetched, for a new model.
    """

    key: str
    id: str
    source: str
    page: Page
    base: Pieces
    pieces: Pieces
    given: bool = False
    confirmed: bool = False
    before: Before | None = None
    details: dict[str, Any] = field(default_factory=dict)
    html: bytes | str | None = None

    @property
    def text(self) -> str:
        """The page's text."""
        return self.page.text

    @property
    def saved(self) -> bool:
        """Whether the page belongs into the file of corrections."""
        return bool(self.pieces) and (self.confirmed or self.pieces != self.base)

    @property
    def version(self) -> str:
        """The name of the page's state."""
        return pc.version(self.pieces, self.confirmed)

    def touched(self) -> list[bool]:
        """For each piece, whether a person changed it or confirmed the page."""
        base = set(self.base)
        return [self.confirmed or piece not in base for piece in self.pieces]

    def kept(self) -> str:
        """What cleaning keeps, by the labels as they stand."""
        blocks = tuple(
            Block(self.text[start:end], start, end, label, 1.0, ())
            for start, end, label in self.pieces
        )
        places = {(b.start, b.end) for i, b in enumerate(self.page.blocks) if i in self.page.asides}
        asides = frozenset(i for i, b in enumerate(blocks) if (b.start, b.end) in places)
        return Page(self.text, blocks, asides=asides, labels=self.page.labels).clean()

    def labelled(self) -> LabelledPage:
        """The page in the page format, with its cuts where they are not the model's own."""
        details = {k: v for k, v in self.details.items() if k not in ("cuts", "before")}
        segments = to_segments(self.text, self.pieces)
        plain = LabelledPage(self.id, self.source, segments, details)
        if pc.of_labelled(plain, self.page.blocks) != self.pieces:
            details["cuts"] = [piece.start for piece in self.pieces]
        if self.before is not None:
            details["before"] = self.before.to_dict()
        return LabelledPage(self.id, self.source, segments, details)

    def agreement(self, model: str) -> tuple[float, float] | None:
        """The share of the characters that the model labels as they stand.

        First that of the model when the page was first corrected, then that of the model now, named
        ``model``; ``None`` for a page that no one corrected.
        """
        if not self.saved or self.before is None:
            return None
        now = pc.agreement(self.pieces, pc.of_blocks(self.page.blocks))
        then = now if self.before.model == model else pc.agreement(self.pieces, self.before.pieces)
        return then, now
