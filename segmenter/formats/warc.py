"""Where the records of a WARC stand, whatever is damaged in it.

Libraries for WARC stop at damage or read over it without a word; here each record is framed by its
own header, checked against what follows, and told of when it does not fit. What is in a record is
then read by FastWARC (`segmenter.formats.warc_record`). Source: ISO 28500:2017 (WARC 1.1).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace

from segmenter.formats.record import Place, RawRecord
from segmenter.formats.unpack import Piece

READ = ("response", "conversion")
"""The types of records that may hold a page."""

_HEADER = 1 << 16
"""Bytes of a record's header, at most."""

_OVERLAP = 64
_VERSION = b"WARC/"
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.I | re.M)
_TYPE = re.compile(rb"^warc-type[ \t]*:[ \t]*([\w-]+)", re.I | re.M)
_NEXT = re.compile(rb"WARC/\d\.\d\r?\n[\w-]+:")

Open = Callable[[Place], Iterator[Piece]]
"""The pieces of the input from a place on."""


def looks_like_warc(data: bytes) -> bool:
    """Whether unpacked bytes begin as a record does."""
    return data.startswith(_VERSION)


def raw_records(
    open_at: Open, start: Place, where: str, packed: bool, limit: int | None
) -> Iterator[RawRecord]:
    """The records from ``start`` on: sound ones, damaged ones, and those passed over, in order.

    ``packed``: the pieces are of members. A record over ``limit`` bytes is told of without being
    held.
    """
    scanner = _Scanner(open_at, start, packed, limit)
    number = start.number
    while (found := scanner.next_record()) is not None:
        place = replace(found.place, number=number)
        inner = f" + {place.inner}" if place.inner else ""
        yield replace(found, place=place, where=f"{where}, byte {place.offset}{inner}")
        number += 1


class _Scanner:
    """The unpacked bytes of an input from one record on, and where they stand."""

    def __init__(self, open_at: Open, start: Place, packed: bool, limit: int | None) -> None:
        self._open_at, self._packed, self._limit = open_at, packed, limit
        self._restart(start)

    def _restart(self, place: Place) -> None:
        self._pieces = self._open_at(place)
        self._buffer = bytearray()
        self._marks: list[tuple[int, int, int]] = []  # index in the buffer, offset, inner
        self._begins: list[int] = []  # where in the buffer further members begin with a record
        self._ended = True
        self._damage: tuple[str, Place] | None = None

    def next_record(self) -> RawRecord | None:
        """The next record; ``None`` at the end of the input."""
        while True:
            stripped = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            self._drop(stripped)
            if self._buffer:
                return self._record()
            if not self._fill():
                if self._damage is None:
                    return None
                reason, place = self._damage
                self._damage = None
                return _damaged(place, reason)

    def _record(self) -> RawRecord:
        begin = self._place(0)
        if (reason := self._need(len(_VERSION))) or not looks_like_warc(bytes(self._buffer[:8])):
            return self._give_up(begin, reason or "is no WARC record", 0)
        end = None
        while (end := _HEADER_END.search(self._buffer, 0, _HEADER)) is None:
            if len(self._buffer) >= _HEADER:
                return self._give_up(begin, "the header of the record has no end", 1)
            if reason := self._need(len(self._buffer) + 1):
                return self._give_up(begin, reason, 1)
        header = bytes(self._buffer[: end.end()])
        length = _LENGTH.search(header)
        if length is None:
            return self._give_up(begin, "the record has no Content-Length", 1)
        total = len(header) + int(length[1])
        if self._limit is not None and total > self._limit:
            return self._pass_by(begin, len(header), total)
        if reason := self._need(total) or self._behind(total):
            return self._give_up(begin, reason, len(header) - 4)
        kind = _TYPE.search(header)
        name = kind[1].decode().lower() if kind else "untyped"
        data = bytes(self._buffer[:total])
        self._drop(total)
        if name not in READ:
            return RawRecord(begin, "", passed=f"WARC {name}", size=total)
        return RawRecord(begin, "", data, size=total)

    def _behind(self, total: int) -> str:
        """What is wrong with what follows the record's content, if anything."""
        while True:
            follows = bytes(self._buffer[total : total + 16])
            # With the line breaks of the standard behind it, the record is whole, whatever comes.
            if follows.startswith(b"\r\n\r\n") and (self._ended or len(follows) > 4):
                return ""
            blank = len(follows) - len(follows.lstrip(b"\r\n"))
            if self._begins and total <= self._begins[0] <= total + blank:
                return ""
            rest = follows[blank:]
            if rest[: len(_VERSION)] != _VERSION[: len(rest)] or blank > 8:
                return "the length of the record is wrong: behind it, no record begins"
            if len(rest) >= len(_VERSION):
                return ""
            if not self._fill():
                return self._own_damage()

    def _need(self, count: int) -> str:
        """Fills the buffer to ``count`` bytes of this record; says why that is not possible."""
        while len(self._buffer) < count:
            if self._overrun(count):
                return _TOO_LONG
            if not self._fill():
                return self._own_damage() or "the record is cut off"
        return _TOO_LONG if self._overrun(count) else ""

    def _overrun(self, count: int) -> bool:
        return bool(self._begins) and self._begins[0] < count

    def _own_damage(self) -> str:
        """The damage of the member that the buffer ends with, which is then told of; or nothing."""
        if self._damage is None or self._damage[1].offset != self._marks[-1][1]:
            return ""
        reason, _ = self._damage
        self._damage = None
        return reason

    def _give_up(self, begin: Place, reason: str, index: int) -> RawRecord:
        """The damaged record; reading goes on at the first sound beginning from ``index`` on."""
        self._resync(index)
        return _damaged(begin, reason)

    def _resync(self, index: int) -> None:
        while True:
            found = _NEXT.search(self._buffer, max(0, index))
            ends = [*self._begins[:1], *([found.start()] if found else [])]
            if ends:
                self._drop(min(ends))
                return
            self._drop(max(0, len(self._buffer) - _OVERLAP))
            index = 0
            if not self._fill():
                self._drop(len(self._buffer))
                return

    def _pass_by(self, begin: Place, header: int, total: int) -> RawRecord:
        """Leaves out a record that is too large, without holding it.

        Its length may be wrong, so the first place in it where another record might begin is kept:
        there reading goes on when no record begins behind it.
        """
        reason = f"the record takes {total} bytes, more than --max-page-bytes allows"
        candidate: Place | None = None
        left, index = total, header - 4
        sound = False
        while True:
            if candidate is None and (found := _NEXT.search(self._buffer, index, left)):
                candidate = self._place(found.start())
            if self._overrun(left):
                self._drop(self._begins[0])
                return _damaged(begin, _TOO_LONG)
            if left <= len(self._buffer):
                sound = not self._behind(left)
                break
            dropped = max(0, len(self._buffer) - _OVERLAP)
            self._drop(dropped)
            left, index = left - dropped, 0
            if not self._fill():
                break
        if sound or candidate is None:
            if sound:
                self._drop(left)
            else:
                self._resync(0)
            return replace(_damaged(begin, reason), size=total if sound else 0)
        self._restart(candidate)
        return _damaged(begin, "the length of the record is wrong")

    def _fill(self) -> bool:
        """Adds a piece to the buffer; false at damage and at the end."""
        if self._damage is not None:
            return False
        piece = next(self._pieces, None)
        if piece is None:
            return False
        if piece.damage:
            self._damage = (piece.damage, Place(piece.offset, piece.inner))
            return False
        at = len(self._buffer)
        if self._packed and at and piece.inner == 0 and looks_like_warc(piece.data):
            self._begins.append(at)
        self._marks.append((at, piece.offset, piece.inner))
        self._buffer += piece.data
        self._ended = piece.ended
        return True

    def _place(self, index: int) -> Place:
        mark, offset, inner = self._marks[bisect_right(self._marks, (index, 1 << 62, 0)) - 1]
        if self._packed:
            return Place(offset, inner + index - mark)
        return Place(offset + inner + index - mark)

    def _drop(self, count: int) -> None:
        if not count:
            return
        del self._buffer[:count]
        at = bisect_right(self._marks, (count, 1 << 62, 0)) - 1
        self._marks = [
            (max(0, i - count), o, n + max(0, count - i)) for i, o, n in self._marks[at:]
        ]
        self._begins = [index - count for index in self._begins if index > count]


_TOO_LONG = "the length of the record is wrong: it goes beyond what it is packed in"


def _damaged(place: Place, reason: str) -> RawRecord:
    return RawRecord(place, "", error=reason)
