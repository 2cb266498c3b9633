"""The encoding of a page's bytes, as the HTML standard finds it.

In this order: a byte order mark; what the server said; a declaration in the first 1,024 bytes;
UTF-8 if the bytes are sound UTF-8, else Windows-1252. Source: HTML standard, section 13.2.3 "The
input byte stream", and the labels of the Encoding standard.
"""

from __future__ import annotations

import codecs
import re

PRESCANNED = 1024
"""Bytes in which the standard looks for a declaration."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_META = re.compile(rb"<meta[\s/][^>]*", re.I)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.I)
_XML = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)", re.I)

# Where a label of the Encoding standard means something else than Python's codec of that name.
_LABELS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "l1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252",
    "iso88591": "cp1252", "windows-1252": "cp1252", "x-cp1252": "cp1252",
    "x-user-defined": "cp1252", "iso-8859-9": "cp1254", "iso8859-9": "cp1254", "latin5": "cp1254",
    "tis-620": "cp874", "iso-8859-11": "cp874", "windows-874": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "chinese": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932",
    "x-sjis": "cp932", "windows-31j": "cp932", "ms_kanji": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "windows-949": "cp949", "korean": "cp949",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs",
    "macintosh": "mac_roman", "mac": "mac_roman", "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic", "iso-8859-8-i": "iso8859-8", "logical": "iso8859-8",
    "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8", "x-euc-jp": "euc_jp",
    "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "unicode": "utf-16-le", "ucs-2": "utf-16-le",
}  # fmt: skip
_SUPPORTED = frozenset([
    "utf-8", "cp1252", "cp1254", "cp874", "gb18030", "cp932", "cp949", "big5hkscs", "mac_roman",
    "mac_cyrillic", "euc_jp", "iso2022_jp", "koi8-r", "koi8-u", "cp866", "cp1250", "cp1251",
    "cp1253", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859-2", "iso8859-3", "iso8859-4",
    "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-10", "iso8859-13", "iso8859-14",
    "iso8859-15", "iso8859-16",
])  # fmt: skip
_BY_NAME = {codecs.lookup(name).name: name for name in _SUPPORTED}


def decode_html(content: bytes, charset: str = "") -> str:
    """The text of a page's bytes; what the encoding cannot read becomes U+FFFD.

    ``charset`` is the label that came with the bytes, as in a header of HTTP, if any did; one that
    names no encoding of the standard counts as none.

    >>> decode_html('<meta charset="windows-1251"><p>Привет'.encode("cp1251"))[-6:]
    'Привет'
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    declared = codec_of(charset) or _declared(content[:PRESCANNED])
    if declared is not None:
        return content.decode(declared, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A fetch that was cut off in the middle of a character is UTF-8 all the same.
        if error.reason == "unexpected end of data":
            return content.decode("utf-8", "replace")
        return content.decode("cp1252", "replace")


def _declared(head: bytes) -> str | None:
    """The codec that a declaration in ``head`` names, if there is one that reads text."""
    for zero, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        # The standard asks for this of XML declarations alone; fetched files have it without.
        if len(head) > 3 and head[zero] == head[zero + 2] == 0 and head[1 - zero] == ord("<"):
            return encoding
    head = _COMMENT.sub(b"", head)
    labels = [found[1] for meta in _META.findall(head) if (found := _CHARSET.search(meta))]
    if not labels and (found := _XML.match(head)):
        labels = [found[1]]
    for label in labels:
        codec = codec_of(label.decode("ascii", "replace"))
        if codec is not None:
            # A page whose declaration could be read as ASCII is not in UTF-16.
            return "utf-8" if codec.startswith("utf-16") else codec
    return None


def charset_of(content_type: str) -> str:
    """The charset that the value of a ``Content-Type`` names; empty if none.

    >>> charset_of('text/html; Charset="ISO-8859-2"')
    'ISO-8859-2'
    """
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""


def codec_of(label: str) -> str | None:
    """Python's name of the encoding that ``label``, in any case, means; ``None`` for none."""
    label = label.strip().lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        return _BY_NAME.get(codecs.lookup(label).name)
    except (LookupError, ValueError):
        return None
