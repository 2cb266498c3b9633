"""The page in a record of a WARC: its headers and HTTP are read by FastWARC."""

from __future__ import annotations

from typing import Any

from segmenter.encoding import charset_of, decode_html
from segmenter.errors import InputError
from segmenter.formats.extras import load
from segmenter.formats.record import Passed, RawRecord, Reading, Record
from segmenter.formats.text import decode

_HTML = ("text/html", "application/xhtml+xml")
_READ = 1 << 20


def parse(raw: RawRecord, reading: Reading) -> Record | Passed:
    """The page in a response or conversion record.

    A response that is no HTML and no text, or tells of no success, is `Passed`. Raises `InputError`
    for what is damaged or unpacks to more than the reading allows, and `MissingExtraError`.
    """
    warc = load("fastwarc.warc", "warc", "WARC")
    if not isinstance(raw.data, bytes):
        raise InputError("is no record of a WARC")
    try:
        record = warc.WarcRecord.from_bytes(raw.data)
        if _claims_digest(record) and not record.verify_block_digest():
            raise InputError("its content does not have the digest that its header tells")
        if record.record_type == warc.conversion:
            return _conversion(record, raw, reading)
        record.parse_http(auto_decode="all", quirks_mode=True)
        return _response(record, raw, reading)
    except OSError as error:
        raise InputError(f"cannot be read: {error}") from error


def _claims_digest(record: Any) -> bool:
    """Whether there is a digest that can be checked: FastWARC knows SHA-1 in base 32."""
    digest = record.headers.get("WARC-Block-Digest") or ""
    name, _, value = digest.partition(":")
    return name.lower() == "sha1" and len(value) == 32


def _conversion(record: Any, raw: RawRecord, reading: Reading) -> Record | Passed:
    told = record.headers.get("Content-Type") or "text/plain"
    kind = told.partition(";")[0].strip().lower()
    if not kind.startswith("text/"):
        return Passed(f"conversion, {kind}")
    content = _content(record, reading.max_bytes)
    return _page(record, raw, content, kind in _HTML, charset_of(told))


def _response(record: Any, raw: RawRecord, reading: Reading) -> Record | Passed:
    if not record.is_http_parsed or record.http_headers.status_code is None:
        return Passed("response without HTTP")
    status = record.http_headers.status_code
    if not 200 <= status < 300:
        return Passed(f"response, HTTP status {status}")
    kind = (record.http_content_type or "").strip().lower()
    if kind and kind != "text/plain" and kind not in _HTML:
        return Passed(f"response, {kind if len(kind) < 40 else 'other'}")
    content = _content(record, reading.max_bytes)
    if not kind and content.lstrip()[:1] != b"<":
        return Passed("response without a type")
    charset = charset_of(record.http_headers.get("Content-Type") or "")
    return _page(record, raw, content, kind != "text/plain", charset)


def _content(record: Any, limit: int | None) -> bytes:
    """The unpacked content, read piece by piece so that a bomb is noticed before it bursts."""
    content = bytearray()
    while piece := record.reader.read(_READ):
        content += piece
        if limit is not None and len(content) > limit:
            raise InputError("its content unpacks to more than --max-page-bytes allows")
    return bytes(content)


def _page(record: Any, raw: RawRecord, content: bytes, is_html: bool, charset: str) -> Record:
    """The page of a record; ``charset`` is what its header tells of it, if it does."""
    text, note = "", ""
    html: bytes | str | None = None
    if is_html:
        html = decode_html(content, charset) if charset else content
    else:
        text, note = decode(content, charset)
    name = (record.record_id or "").strip("<>") or raw.where
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    date = record.headers.get("WARC-Date") or ""
    return Record(name, text, raw.where, note, html, url, date)
