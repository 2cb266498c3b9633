"""JSON Lines: where the lines stand, and the page in one."""

from __future__ import annotations

import codecs
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from segmenter.errors import InputError
from segmenter.formats.record import Place, RawRecord, Reading, Record
from segmenter.formats.unpack import Piece
from segmenter.labelled import from_dict, segments_of


def raw_records(
    pieces: Iterator[Piece], start: Place, where: str, packed: bool, limit: int | None
) -> Iterator[RawRecord]:
    """The lines that hold anything, from ``start`` on; damage stands where the lines are lost.

    Of a line over ``limit`` bytes no more than these are held.
    """
    lines = _Lines(pieces, packed, limit)
    number, first = start.number, start == Place()
    while (found := lines.next_line()) is not None:
        place, line, size, error = found
        if first:
            line = line.removeprefix(codecs.BOM_UTF8)
        first = False
        number += 1
        if error or line.strip():
            at = Place(place.offset, place.inner, number - 1)
            yield RawRecord(at, f"{where}, line {number}", line, error, size=size)


class _Lines:
    def __init__(self, pieces: Iterator[Piece], packed: bool, limit: int | None) -> None:
        self._pieces, self._packed, self._limit = pieces, packed, limit
        self._buffer = bytearray()
        self._marks: list[tuple[int, int, int]] = []
        self._damage: tuple[str, Place] | None = None

    def next_line(self) -> tuple[Place, bytes, int, str] | None:
        """The place of the next line, its bytes, its length, what is wrong; ``None`` at the end.

        Of a line that is too long, or cut off by damage, the bytes are its beginning; the length of
        the latter is not known, and 0.
        """
        place: Place | None = None
        searched, dropped, kept = 0, 0, b""
        while True:
            end = self._buffer.find(b"\n", searched)
            if self._buffer and place is None:
                place = self._place()
            if end >= 0 and place is not None:
                line = bytes(self._buffer[: end + 1])
                self._drop(end + 1)
                if dropped or (self._limit is not None and len(line) > self._limit):
                    return self._too_long(place, kept or line, dropped + len(line))
                return place, line, len(line), ""
            if self._limit is not None and len(self._buffer) > self._limit:
                kept = kept or bytes(self._buffer[: self._limit])
                dropped += len(self._buffer)
                self._drop(len(self._buffer))
            searched = len(self._buffer)
            if not self._fill():
                return self._rest(place, kept, dropped)

    def _rest(
        self, place: Place | None, kept: bytes, dropped: int
    ) -> tuple[Place, bytes, int, str] | None:
        """What stands before damage, or before the end of the input."""
        line = bytes(self._buffer)
        self._drop(len(line))
        if self._damage is not None:
            reason, at = self._damage
            self._damage = None
            return place or at, (kept or line)[: self._limit], 0, reason
        if place is None:
            return None
        if dropped:
            return self._too_long(place, kept, dropped + len(line))
        return place, line, len(line), ""

    def _too_long(self, place: Place, line: bytes, length: int) -> tuple[Place, bytes, int, str]:
        reason = f"the line takes {length} bytes, more than --max-page-bytes allows"
        return place, line[: self._limit], length, reason

    def _fill(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        if piece.damage:
            self._damage = (piece.damage, Place(piece.offset, piece.inner))
            return False
        self._marks.append((len(self._buffer), piece.offset, piece.inner))
        self._buffer += piece.data
        return True

    def _place(self) -> Place:
        index = bisect_right(self._marks, (0, 1 << 62, 0)) - 1
        mark, offset, inner = self._marks[index]
        return Place(offset, inner - mark) if self._packed else Place(offset - mark)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        at = max(0, bisect_right(self._marks, (count, 1 << 62, 0)) - 1)
        self._marks = [(index - count, *rest) for index, *rest in self._marks[at:]]  # type: ignore[misc]


def parse(raw: RawRecord, reading: Reading) -> Record:
    """The page in a line. Raises `InputError`."""
    if not isinstance(raw.data, bytes):
        return page_of(raw.data, raw, reading)
    try:
        data = json.loads(raw.data)
    except UnicodeDecodeError as error:
        raise InputError("is no UTF-8, which JSON Lines are: convert the input first") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise InputError("is no JSON object")
    return page_of(data, raw, reading)


def page_of(data: Mapping[str, Any], raw: RawRecord, reading: Reading) -> Record:
    """The page in the fields of a record: of JSON Lines, and of a row of Parquet."""
    text, html, labelled = data.get(reading.text_field), None, None
    if not isinstance(text, str) or (not text and data.get("html")):
        html, text = data.get("html"), ""
        if not isinstance(html, str | bytes) and segments_of(data) is not None:
            html, labelled = None, from_dict({"id": raw.place.number + 1, **data})
            text = labelled.text
        elif not isinstance(html, str | bytes):
            field = reading.text_field
            what = "is no text in the field" if field in data else "is no field"
            raise InputError(f'there {what} "{field}"; name that of the text by --text-field')
    name = data.get(reading.id_field)
    return Record(
        _id(raw.place.number + 1 if name is None else name),
        text,
        raw.where,
        html=html,
        url=_text(data.get("url")),
        date=_text(data.get("date")),
        labelled=labelled,
        source=_text(data.get("source")),
        details=_details(data, reading) if labelled is None and raw.data is not data else {},
    )


def _details(data: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    """The fields of a line of JSON that are no part of the page."""
    own = {"id", "source", "segments", "html", reading.id_field, reading.text_field}
    return {name: value for name, value in data.items() if name not in own}


def _id(value: Any) -> str:
    """An id as text: what is none is written as JSON is. Raises `InputError`."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as error:
        raise InputError("has an id that is nested too deep") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
