"""What becomes of a record: a cleaned page, a record passed over, or one set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from segmenter.formats.record import Passed

BlockRow = tuple[int, int, str, float, str]
"""Start, end, label, confidence, text."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A labelled page, ready to be written.

    ``characters`` of each label's blocks. ``dropped``: the rule that leaves the page out, and
    ``reason``, how it did; both are empty for a page that is kept. ``original``: the page as it was
    read, where the output holds it and the record is no WARC's.
    """

    id: str
    url: str
    date: str
    source: str
    offset: int
    inner: int
    text: str
    blocks: tuple[BlockRow, ...]
    characters: dict[str, int]
    model: str
    note: str = ""
    path: str = ""
    dropped: str = ""
    reason: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    original: bytes = b""
    original_type: str = ""

    @property
    def shares(self) -> dict[str, float]:
        """The share of the blocks' characters that each label of the model has."""
        total = sum(self.characters.values())
        return {
            label: round(count / total, 4) if total else 0.0
            for label, count in self.characters.items()
        }

    def to_dict(self, text: bool = True, blocks: bool = True) -> dict[str, Any]:
        """The page as plain data, ready for JSON."""
        data: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "date": self.date,
            "source": self.source,
            "offset": self.offset,
            "inner": self.inner,
        }
        if text:
            data["text"] = self.text
        data["shares"] = self.shares
        if blocks:
            data["blocks"] = [dict(zip(_BLOCK, row, strict=True)) for row in self.blocks]
        if self.metadata:
            data["metadata"] = self.metadata
        if self.note:
            data["note"] = self.note
        if self.reason:
            data["reason"] = self.reason
        data["model"] = self.model
        return data


_BLOCK = ("start", "end", "label", "confidence", "text")


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that is set aside, and why."""

    reason: str


Outcome = Cleaned | Passed | Failed
