"""Which inputs there are, and in what format: told by suffix, else by content."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import BinaryIO

from segmenter.errors import InputError
from segmenter.formats import addresses
from segmenter.formats.record import Place, Reading
from segmenter.formats.unpack import bare, packing_by_content, packing_of, pieces

FORMATS = ("text", "html", "jsonl", "parquet", "warc")
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".warc": "warc",
    ".wet": "warc",
}
PAGES = ("text", "html")
"""Formats of which a file is a page."""

STANDARD_INPUT = "-"

_SNIFFED = 4096
_LINES = 3
"""Lines, empty ones aside, among which one of JSON Lines is looked for: the first may be broken."""

# A comment ends where it first can: with groups that are not atomic a page of comments takes
# exponential time.
_HTML = re.compile(
    rb"\s*+(?><\?xml.*?\?>)?\s*+(?:(?><!--.*?-->)\s*+)*+"
    rb"<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """An input: a file of records, or ``files`` of a folder, each of them a page.

    ``size`` is in bytes, ``None`` where it is not known. ``version`` changes when the input does.
    ``head`` is what was read of standard input to tell its format. ``left``: how many files of a
    folder are left alone, since nothing tells that they are pages.
    """

    address: str
    format: str
    packing: str = ""
    size: int | None = None
    version: str = ""
    files: tuple[str, ...] = ()
    left: int = 0
    head: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """How messages call it."""
        return "standard input" if self.address == STANDARD_INPUT else self.address

    def address_of(self, file: str) -> str:
        """The address of one of its files."""
        if addresses.is_remote(self.address):
            return f"{self.address.rstrip('/')}/{file}"
        return str(PurePosixPath(self.address) / file)


def format_by_suffix(name: str) -> str | None:
    """The format that the suffix of a name tells, if it does."""
    return SUFFIXES.get(PurePosixPath(bare(name)).suffix.lower())


def sources_of(address: str, reading: Reading) -> list[Source]:
    """What an argument names: one file, those a pattern names, all of a folder.

    A folder's texts and HTML pages are one input, each of its archives another; files whose suffix
    tells no format are left alone, unless ``reading`` says that they are pages. Raises `InputError`
    if there is nothing to read, and `OSError`.
    """
    if not address:
        raise InputError("an input has an empty name")
    if address == STANDARD_INPUT:
        return [_standard_input(reading)]
    if addresses.is_folder(address):
        return _folder(address, reading)
    found = addresses.find(address)
    if found is None:
        named = addresses.matching(address)
        if not named:
            raise InputError(f"{address}: cannot be read: No such file or directory")
        return [source for name in named for source in sources_of(name, reading)]
    return [_file(found, reading)]


def _file(found: addresses.Found, reading: Reading) -> Source:
    address = found.address
    packing = packing_of(address)
    kind = reading.format or format_by_suffix(address)
    if kind is None:
        if found.size is None and not addresses.is_remote(address):
            raise InputError(
                f"{address}: is no regular file, so read once: tell its format by --input-format"
            )
        with addresses.reading(address) as handle:
            head = handle.read(_SNIFFED)
            packing = packing or packing_by_content(head)
            if packing:
                handle.seek(0)
                head = _unpacked(handle, packing)
        kind = format_by_content(head)
    return Source(address, kind, packing, found.size, found.version)


def _folder(address: str, reading: Reading) -> list[Source]:
    pages: list[tuple[str, addresses.Found]] = []
    archives: list[Source] = []
    left = 0
    for name, found in addresses.files_under(address):
        kind = format_by_suffix(name)
        if kind is None:
            if reading.format in PAGES:
                pages.append((name, found))
            else:
                left += 1
        elif kind in PAGES:
            if reading.format in (None, kind):
                pages.append((name, found))
        elif reading.format in (None, kind):
            archives.append(
                Source(found.address, kind, packing_of(name), found.size, found.version)
            )
    if not pages and not archives:
        told = f"; the suffixes of its {left} files tell no format" if left else ""
        raise InputError(f"{address}: is a directory with no file to read in it{told}")
    if not pages:
        return [replace(archives[0], left=left), *archives[1:]]
    listing = "\n".join(f"{name}\0{found.version}" for name, found in pages)
    version = hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()
    size = sum(found.size or 0 for _, found in pages)
    files = tuple(name for name, _ in pages)
    return [Source(address, "text", "", size, version, files, left), *archives]


def _standard_input(reading: Reading) -> Source:
    if sys.stdin is None:
        raise InputError("standard input: is closed")
    head = _beginning(sys.stdin.buffer.readline)
    packing = packing_by_content(head)
    if packing:
        head += sys.stdin.buffer.read(_SNIFFED)
    kind = reading.format or (_packed_format(head, packing) if packing else format_by_content(head))
    if kind not in ("text", "html", "jsonl"):
        raise InputError(f"standard input: {kind} is not read from it; name a file")
    return Source(STANDARD_INPUT, kind, packing, head=head)


def _beginning(read_line: Callable[[int], bytes]) -> bytes:
    """As many lines as tell the format: who writes a line of JSON waits for its answer."""
    head = b""
    while len(head) < _SNIFFED and (line := read_line(_SNIFFED - len(head))):
        head += line
        if len(_lines(head)) == _LINES or format_by_content(head) != "text":
            break
    return head


def _unpacked(handle: BinaryIO, packing: str) -> bytes:
    """How the content of a packed file begins."""
    unpacked = next(pieces(handle, packing, Place(), lambda data: True), None)
    return unpacked.data[:_SNIFFED] if unpacked is not None else b""


def _packed_format(head: bytes, packing: str) -> str:
    """The format of a packed stream; JSON Lines where so little of it does not unpack yet."""
    found = _unpacked(io.BytesIO(head), packing)
    return format_by_content(found, cut=True) if found else "jsonl"


def format_by_content(head: bytes, cut: bool = False) -> str:
    """The format of what begins with ``head``, some lines or the beginning of a long one.

    ``cut``: it goes on, though it is short.
    """
    if head.startswith(b"WARC/"):
        return "warc"
    if head.startswith(b"PAR1"):
        return "parquet"
    if is_html(head):
        return "html"
    cut = cut or len(head) >= _SNIFFED
    return "jsonl" if any(_is_json_line(line, cut) for line in _lines(head)) else "text"


def _lines(head: bytes) -> list[bytes]:
    """The first lines that hold anything, without a byte order mark."""
    lines = head.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True)
    return [line for line in lines if line.strip()][:_LINES]


def _is_json_line(line: bytes, cut: bool) -> bool:
    """Whether a line is one of JSON Lines; ``cut``: one without an end goes on."""
    if not line.lstrip().startswith(b"{"):
        return False
    if cut and not line.endswith((b"\n", b"\r")):
        return re.match(rb'\s*\{\s*"', line) is not None
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def is_html(content: bytes) -> bool:
    """Whether content that no suffix tells of begins as a page of HTML does, in UTF-16 too."""
    head = content[:_SNIFFED]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    # Without its zeros UTF-16 is what it holds of ASCII.
    return _HTML.match(head.replace(b"\0", b"")) is not None


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The bytes of an input that is one file. Raises `OSError`."""
    if source.address == STANDARD_INPUT:
        yield _Continued(source.head, sys.stdin.buffer)  # type: ignore[misc]
        return
    with addresses.reading(source.address) as handle:
        yield handle


class _Continued:
    """A stream of which the beginning has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def read(self, count: int = -1) -> bytes:
        """As of any stream; a short count is no end."""
        if self._head:
            taken, self._head = self._head, b""
            return taken + (self._rest.read() if count < 0 else b"")
        if count < 0:
            return self._rest.read()
        read_some = getattr(self._rest, "read1", self._rest.read)
        data: bytes = read_some(count)
        return data

    def seekable(self) -> bool:
        """No."""
        return False

    def seek(self, offset: int) -> int:
        """Reads up to a place ahead, from the beginning."""
        left = offset
        while left and (data := self.read(min(left, 1 << 18))):
            if len(data) > left:
                self._head = data[left:] + self._head
                return offset
            left -= len(data)
        return offset
