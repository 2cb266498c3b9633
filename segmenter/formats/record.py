"""What all readers make, in two steps: a record's bytes, then the page in them.

The first step finds where records stand in an input, and is done once, in order. The second makes
sense of one record, and may be done anywhere, by any process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from segmenter.labelled import LabelledPage, Parts


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where reading may begin again.

    ``offset``: in the input: of a byte, a row group or a file of a folder. ``inner``: within what
    begins there: unpacked bytes or rows. ``number``: records of the input before this place.
    """

    offset: int = 0
    inner: int = 0
    number: int = 0


BEGIN = Place()


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it stands in an input, not yet made sense of.

    ``data`` is its bytes, or the fields of a row. ``error`` says why it cannot be read; it is empty
    for a sound record, and ``data`` of another is what was held of its beginning. ``where`` is for
    messages. ``passed`` names the kind of a record that holds no page by its nature, such as a
    WARC's request. ``path`` is the file's, in a folder. ``size`` is its length in bytes, of a row
    what it takes in memory; 0 where it is not known.
    """

    place: Place
    where: str
    data: bytes | Mapping[str, Any] = b""
    error: str = ""
    passed: str = ""
    path: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One page as it was read: its id, its text, where it stands, and what to say about it.

    ``html``: the page as it was fetched, in place of its text. ``url`` and ``date`` are empty where
    the input does not tell them; ``date`` is when the page was fetched, in ISO 8601. ``labelled``:
    the page with the labels that it came with, if it came in the page format. ``source`` and
    ``details`` are what a line of JSON tells beside: where the page comes from, and other fields.
    """

    id: str
    text: str
    where: str
    note: str = ""
    html: bytes | str | None = None
    url: str = ""
    date: str = ""
    labelled: LabelledPage | None = None
    source: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def with_labels(self, segments: Parts) -> LabelledPage:
        """The page with labels that were given to it, and what it came with."""
        source = self.source or f"real:{PurePath(self.id).name}"
        return LabelledPage(self.id, source, segments, self.details)


@dataclass(frozen=True, slots=True)
class Passed:
    """A sound record that holds no page; ``kind`` says what it is."""

    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read.

    ``format`` is ``None`` where suffix or content tell it. ``text_field`` and ``id_field`` are the
    columns of JSON Lines and Parquet. No record over ``max_bytes`` unpacked bytes is read.
    """

    format: str | None = None
    text_field: str = "text"
    id_field: str = "id"
    max_bytes: int | None = None
