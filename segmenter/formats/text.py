"""Text files: which bytes are text, and what they say."""

from __future__ import annotations

import codecs

from segmenter.encoding import codec_of
from segmenter.errors import InputError

_SNIFFED = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (b"\x1f\x8b", b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF")


def decode(content: bytes, charset: str = "") -> tuple[str, str]:
    """The text that the bytes of a text file hold, and a note on what was amiss, if anything.

    UTF-8, UTF-16 or UTF-32; without a mark at the beginning what ``charset`` names, the label that
    came with the bytes, as in a header of HTTP; without one that is known, UTF-8 or UTF-16. Bytes
    that are no UTF-8 are read as Windows-1252 if nothing else in the file is UTF-8 either. Raises
    `InputError` for what is no text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content, encoding), ""
    if content.startswith(_BINARY):
        raise InputError("is a binary file, not text")
    codec = codec_of(charset)
    if codec is not None and codec != "utf-8":
        text = content.decode(codec, "replace")
        damaged = text.count("\ufffd")
        return text, _damage(damaged, charset) if damaged else ""
    if guessed := _unmarked_utf16(content):
        return _strictly(content, guessed), ""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd") - content.count("\ufffd".encode())
    if damaged == 0:
        return text, ""
    if damaged == 1 and _is_cut(content):
        return text, "ends in the middle of a character; U+FFFD stands in its place"
    head = content[: 1 << 16]
    if sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13)) > len(head) / 100:
        raise InputError("is a binary file, not text")
    if sum(char > "\x7f" for char in text[: 1 << 16]) > 2 * text[: 1 << 16].count("\ufffd"):
        return text, _damage(damaged, "UTF-8")
    return content.decode("cp1252", "replace"), "is no UTF-8; read as Windows-1252"


def _damage(characters: int, encoding: str) -> str:
    return f"{characters} characters are no {encoding}; U+FFFD stands in their place"


def _is_cut(content: bytes) -> bool:
    """Whether bytes are UTF-8 but for a last character of which the end is missing."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


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


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
