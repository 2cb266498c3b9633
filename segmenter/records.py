"""Inputs to records: what the command line reads, one page a record.

The format of an input is told by its suffix, else by its content. A record that cannot be read is
an `InputError` in the place of the record, so that the others are not lost.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from segmenter.errors import InputError
from segmenter.labelled import LabelledPage, from_dict, segments_of

FORMATS = ("text", "html", "jsonl")
SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}

_SNIFFED = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (b"\x1f\x8b", b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF")
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Record:
    """One page as it was read: its id, its text, where it stands, and what to say about it.

    ``html``: the page as it was fetched, in place of its text. ``labelled``: the page with the
    labels that it came with, if it came in the page format.
    """

    id: str
    text: str
    where: str
    note: str = ""
    html: bytes | str | None = None
    labelled: LabelledPage | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read: the format (``None``: told by suffix or content), the JSONL fields."""

    format: str | None = None
    text_field: str = "text"
    id_field: str = "id"


def read(source: str, reading: Reading) -> Iterator[Record | InputError]:
    """The records of a path, or of standard input (``-``)."""
    try:
        if source == "-":
            yield from _read(sys.stdin.buffer, "standard input", None, reading)
            return
        path = Path(source)
        if path.is_dir():
            yield InputError(f"{source}: is a directory; name the files in it")
            return
        with path.open("rb") as handle:
            yield from _read(handle, source, SUFFIXES.get(path.suffix.lower()), reading)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield InputError(f"{source}: cannot be read: {reason}")


def _read(
    handle: BinaryIO, where: str, suffix_format: str | None, reading: Reading
) -> Iterator[Record | InputError]:
    kind = reading.format or suffix_format
    if kind == "jsonl":
        yield from _read_lines(handle, where, b"", reading)
        return
    head = handle.readline(_SNIFFED) if kind is None else b""
    if kind is None and _is_json_line(head, handle):
        yield from _read_lines(handle, where, head, reading)
        return
    content = head + handle.read()
    if kind is None and _HTML.match(content, 0, _SNIFFED):
        kind = "html"
    if kind == "html":
        yield Record(where, "", where, html=content)
        return
    try:
        text, note = decode(content)
        yield Record(where, text, where, note)
    except InputError as error:
        yield InputError(f"{where}: {error}")


def _is_json_line(head: bytes, handle: BinaryIO) -> bool:
    """Whether an input that begins with ``head`` is JSON Lines."""
    if not head.lstrip().startswith(b"{"):
        return False
    if len(head) == _SNIFFED and not head.endswith(b"\n"):
        return re.match(rb'\s*\{\s*"', head) is not None
    try:
        return isinstance(json.loads(head), dict)
    except ValueError:
        return False


def _read_lines(
    handle: BinaryIO, where: str, head: bytes, reading: Reading
) -> Iterator[Record | InputError]:
    """A record a line; ``head`` is what was read of the first line."""
    number = 0
    while True:
        line = head + (handle.readline() if not head.endswith(b"\n") else b"")
        head = b""
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.strip():
            yield _record(line, f"{where}, line {number}", number, reading)


def _record(line: bytes, where: str, number: int, reading: Reading) -> Record | InputError:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        return InputError(f"{where}: is no JSON: {error}")
    if not isinstance(data, dict):
        return InputError(f"{where}: is no JSON object")
    text = data.get(reading.text_field)
    if not isinstance(text, str):
        if isinstance(data.get("html"), str):
            return Record(str(data.get(reading.id_field, number)), "", where, html=data["html"])
        if segments_of(data) is not None:
            page = from_dict({"id": number, **data})
            return Record(page.id, page.text, where, labelled=page)
        field = reading.text_field
        return InputError(f'{where}: has no text in the field "{field}"; name it by --text-field')
    return Record(str(data.get(reading.id_field, number)), text, where)


def decode(content: bytes) -> tuple[str, str]:
    """The text that the bytes of a text file hold, and a note on what was amiss, if anything.

    UTF-8, UTF-16 or UTF-32; without a mark at the beginning, UTF-8 or UTF-16. Bytes that are no
    UTF-8 are read as Windows-1252 if nothing else in the file is UTF-8 either. Raises `InputError`
    for what is no text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding), ""
    if content.startswith(_BINARY):
        raise InputError("is a binary file, not text")
    if guessed := _unmarked_utf16(content):
        return _strictly(content, guessed), ""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd") - content.count("\ufffd".encode())
    if damaged == 0:
        return text, ""
    head = content[: 1 << 16]
    if sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13)) > len(head) / 100:
        raise InputError("is a binary file, not text")
    if sum(char > "\x7f" for char in text[: 1 << 16]) > 2 * text[: 1 << 16].count("\ufffd"):
        return text, f"{damaged} characters are no UTF-8; U+FFFD stands in their place"
    return content.decode("cp1252", "replace"), "is no UTF-8; read as Windows-1252"


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"is no sound {encoding.removesuffix('-sig')}: {error.reason}") from error


def _unmarked_utf16(content: bytes) -> str | None:
    """The byte order, if every other byte of the beginning is mostly zero."""
    head = content[:_SNIFFED]
    if len(head) < 4 or len(content) % 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None
