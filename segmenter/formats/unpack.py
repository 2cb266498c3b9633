"""Packed bytes to unpacked ones, in pieces of bounded size; goes on behind damage.

A file of gzip members or zstd frames, one a record as archives have them or one for all, is read
member by member. A member that is damaged is told of, and reading goes on at the next that begins
soundly. Sources: RFC 1952 (gzip), RFC 8878 (zstd), and "Zstandard compression for WARC files" of
the IIPC for the dictionary in front of the first frame.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from segmenter.errors import InputError
from segmenter.formats.extras import load
from segmenter.formats.record import Place

CHUNK = 1 << 18
"""Packed bytes read at once."""

_FED = {"gzip": 1 << 14, "zstd": 1 << 11}
"""Packed bytes unpacked at once: what stands before damage is kept up to this, and zstd, which
makes up to 2**15 bytes of one and knows no bound on that, stays within 64 MiB."""

_MOST = 1 << 18
_WINDOW = 1 << 27
"""What a zstd frame may ask to be held, in bytes: the bound of the zstd command."""

_PROBED = 1 << 10
_MAGIC = {"gzip": b"\x1f\x8b\x08", "zstd": b"\x28\xb5\x2f\xfd"}
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Unpacked bytes in a row.

    ``offset`` is where their member begins in the file, ``inner`` how many unpacked bytes of it
    came before; of a plain file, ``offset`` is where they stand, and ``inner`` is 0. ``ended``: the
    member ends soundly behind them. ``damage`` says what is wrong with the member from here on;
    then there are no bytes.
    """

    data: bytes
    offset: int
    inner: int
    ended: bool
    damage: str = ""


def packing_of(name: str) -> str:
    """How a file of this name is packed: ``gzip``, ``zstd`` or, not at all, an empty string."""
    return next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), "")


def bare(name: str) -> str:
    """The name without the suffix of its packing."""
    return next((name[: -len(s)] for s in _SUFFIXES if name.lower().endswith(s)), name)


def packing_by_content(head: bytes) -> str:
    """How content that begins with ``head`` is packed."""
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), "")


def pieces(
    handle: BinaryIO, packing: str, start: Place, begins: Callable[[bytes], bool]
) -> Iterator[Piece]:
    """The pieces from ``start`` on.

    ``begins`` tells whether unpacked bytes look like the beginning of a member, which is asked of
    what is found behind damage. Raises `MissingExtraError` for zstd without its extra.
    """
    if not packing:
        yield from _plain(handle, start.offset)
        return
    skipped = start.inner
    for piece in _Members(handle, packing, start.offset, begins):
        if piece.offset != start.offset or not skipped:
            yield piece
        elif piece.inner + len(piece.data) > skipped or piece.damage or piece.ended:
            cut = max(0, skipped - piece.inner)
            inner = max(skipped, piece.inner)
            yield Piece(piece.data[cut:], piece.offset, inner, piece.ended, piece.damage)


def _plain(handle: BinaryIO, offset: int) -> Iterator[Piece]:
    if offset:
        handle.seek(offset)
    while data := handle.read(CHUNK):
        yield Piece(data, offset, 0, True)
        offset += len(data)


class _Inflater(Protocol):
    """A member being unpacked: of gzip by `zlib`, of zstd by `zstandard`."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, most: int) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...


class _ZstdFrame:
    """A zstd frame with the interface of a gzip member."""

    unconsumed_tail = b""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._frame.unused_data)

    def decompress(self, data: bytes, most: int) -> bytes:
        return bytes(self._frame.decompress(data)) if data else b""


class _Members:
    """Iterates over the pieces of a packed file."""

    def __init__(
        self, handle: BinaryIO, packing: str, offset: int, begins: Callable[[bytes], bool]
    ) -> None:
        self._handle, self._packing, self._begins = handle, packing, begins
        self._buffer, self._position = b"", 0
        self._at = 0
        self._seekable = handle.seekable()
        self._errors: tuple[type[Exception], ...] = (zlib.error,)
        self._dictionary: Any = None
        if packing == "zstd":
            self._zstandard = load("zstandard", "zstd", "zstd")
            self._errors = (self._zstandard.ZstdError,)
            self._read_dictionary()
        if offset != self._at:
            self._move(offset)

    def __iter__(self) -> Iterator[Piece]:
        magic = _MAGIC[self._packing]
        while self._have(len(magic)) or self._left():
            begin = self._at
            if self._packing == "zstd" and _SKIPPABLE.match(self._peek(4)):
                self._skip_frame()
                continue
            if self._peek(len(magic)) == magic:
                if (yield from self._member()):
                    continue
            elif self._only_zeros():
                return
            else:
                yield Piece(b"", begin, 0, True, f"is no {self._packing} here")
            if not self._next_sound(begin + 1):
                return

    def _member(self) -> Generator[Piece, None, bool]:
        """The pieces of the member that begins here; returns whether it is sound."""
        begin, inner = self._at, 0
        fed = _FED[self._packing]
        member = self._inflater()
        while True:
            if self._left() == 0:
                self._more()
            data = self._peek(fed)
            try:
                out = member.decompress(data, _MOST)
            except self._errors as error:
                reason = f"its {self._packing} is damaged: {_reason(error)}"
                yield Piece(b"", begin, inner, True, reason)
                return False
            # At the end of a member, zlib may tell of what is left under both names.
            left = member.unused_data if member.eof else member.unconsumed_tail
            self._take(len(data) - len(left))
            if out or member.eof:
                yield Piece(out, begin, inner, member.eof)
                inner += len(out)
            if member.eof:
                return True
            if not data and not out:
                yield Piece(b"", begin, inner, True, f"its {self._packing} is cut off")
                return False

    def _inflater(self) -> _Inflater:
        if self._packing == "gzip":
            return zlib.decompressobj(31)
        unpacker = self._zstandard.ZstdDecompressor(
            dict_data=self._dictionary, max_window_size=_WINDOW
        )
        return _ZstdFrame(unpacker.decompressobj())

    def _next_sound(self, offset: int) -> bool:
        """Goes to the next member that begins soundly, from ``offset`` on; false: there is none."""
        if self._seekable:
            self._move(offset)
        magic = _MAGIC[self._packing]
        while True:
            found = self._buffer.find(magic, self._position)
            if found < 0:
                self._take(max(0, self._left() - len(magic) + 1))
                if not self._more():
                    return False
                continue
            self._take(found - self._position)
            self._have(_PROBED * 4)
            if self._is_sound(self._peek(_PROBED * 4)):
                return True
            self._take(1)

    def _is_sound(self, head: bytes) -> bool:
        try:
            out = self._inflater().decompress(head, _PROBED)
        except self._errors:
            return False
        return self._begins(out)

    def _skip_frame(self) -> None:
        """Leaves out a skippable frame of zstd: four bytes of magic, four of length."""
        self._have(8)
        left = 8 + int.from_bytes(self._peek(8)[4:], "little")
        while left:
            taken = min(left, self._left())
            self._take(taken)
            left -= taken
            if left and not self._more():
                return

    def _read_dictionary(self) -> None:
        if not self._have(8) or self._peek(4) != _DICTIONARY:
            return
        length = int.from_bytes(self._peek(8)[4:], "little")
        if length > _WINDOW:
            raise InputError(f"its zstd dictionary takes {length} bytes; over {_WINDOW}")
        if not self._have(8 + length):
            raise InputError("its zstd dictionary is cut off")
        content = self._peek(8 + length)[8:]
        self._take(8 + length)
        if content.startswith(_MAGIC["zstd"]):
            plain = self._zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            try:
                content = plain.stream_reader(content).read(_WINDOW)
            except self._zstandard.ZstdError as error:
                raise InputError(f"its zstd dictionary is damaged: {error}") from error
        self._dictionary = self._zstandard.ZstdCompressionDict(content)

    def _only_zeros(self) -> bool:
        """Whether nothing but zeros follows, with which tapes and tar fill up."""
        here = self._at
        while self._left() or self._more():
            if self._peek(CHUNK).strip(b"\0"):
                if self._seekable:
                    self._move(here)
                return False
            self._take(min(CHUNK, self._left()))
        return True

    def _left(self) -> int:
        return len(self._buffer) - self._position

    def _peek(self, count: int) -> bytes:
        return self._buffer[self._position : self._position + count]

    def _have(self, count: int) -> bool:
        while self._left() < count:
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        data = self._handle.read(CHUNK)
        self._buffer = self._buffer[self._position :] + data
        self._position = 0
        return bool(data)

    def _take(self, count: int) -> None:
        self._position += count
        self._at += count

    def _move(self, offset: int) -> None:
        self._handle.seek(offset)
        self._buffer, self._position, self._at = b"", 0, offset


def _reason(error: Exception) -> str:
    return str(error).rpartition(": ")[2]
