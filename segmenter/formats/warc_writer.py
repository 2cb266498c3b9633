"""WARC with the cleaned text beside the original, which is kept byte for byte.

Each page gives three records: the original response; a ``conversion`` with the cleaned text; and a
``metadata`` record with labels and shares as JSON. Both refer to the original. Their identifiers
and dates follow from the original's, so that the same input gives the same bytes. Its date and URL
stand in headers only where they are sound, and in the JSON as they were. Source: ISO 28500:2017,
sections 5 (date and URI), 6.7 (metadata) and 6.9 (conversion).
"""

from __future__ import annotations

import gzip
import io
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from segmenter.formats.cleaned import Cleaned
from segmenter.formats.extras import load
from segmenter.formats.record import RawRecord
from segmenter.formats.text import without_surrogates

_EPOCH = "1970-01-01T00:00:00Z"
"""The date of records whose original tells none: WARC asks for one, and that of the writing would
give other bytes each time."""

_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.A)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?", re.A
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_URI_MARKS = "!#$%&'()*+,/:;=?@[]~"
"""What may stand in a URI beside letters, digits and ``-._``. Source: RFC 3986, section 2."""


class WarcFile:
    """A WARC that is being written, plain or with a gzip member for each record."""

    def __init__(self, path: Path, packed: bool, blocks: bool) -> None:
        """A new file at ``path``. Raises `MissingExtraError` and `OSError`."""
        self._warc = load("fastwarc.warc", "warc", "WARC")
        self._packed, self._blocks = packed, blocks
        self._handle = path.open("wb")

    def write(self, page: Cleaned, raw: RawRecord) -> None:
        """Adds the original and the two records that refer to it."""
        if isinstance(raw.data, bytes) and raw.data.startswith(b"WARC/"):
            original = uri(page.id)
            self._add(raw.data + b"\r\n\r\n")
        else:
            original = _identifier(page, "resource")
            fields = {**_place(page, original), "Content-Type": page.original_type}
            self._record("resource", original, fields, page.original)
        fields = _place(page, original)
        if original:
            fields["WARC-Refers-To"] = f"<{original}>"
        fields["Content-Type"] = "text/plain; charset=utf-8"
        content = without_surrogates(page.text).encode()
        self._record("conversion", _identifier(page, "conversion"), fields, content)
        fields["Content-Type"] = "application/json"
        content = json.dumps(page.to_dict(text=False, blocks=self._blocks)).encode()
        self._record("metadata", _identifier(page, "metadata"), fields, content)

    def close(self) -> None:
        """Completes the file."""
        self._handle.close()

    def _record(self, kind: str, name: str, fields: dict[str, str], content: bytes) -> None:
        record: Any = self._warc.WarcRecord()
        record.init_headers(getattr(self._warc, kind), name.removeprefix("urn:").encode())
        for field, value in fields.items():
            record.headers[field] = value
        record.set_bytes_content(content)
        written = io.BytesIO()
        record.write(written, checksum_data=True)
        self._add(written.getvalue())

    def _add(self, record: bytes) -> None:
        self._handle.write(gzip.compress(record, 6, mtime=0) if self._packed else record)


def _place(page: Cleaned, original: str) -> dict[str, str]:
    """The fields that say when and where; of a page without a URI, that is its original's own."""
    target = uri(page.url) or original
    return {"WARC-Date": utc(page.date), **({"WARC-Target-URI": target} if target else {})}


def utc(told: str) -> str:
    """A date of ISO 8601 as WARC has it, in UTC, where one without a zone is; else the epoch.

    >>> utc("2025-02-19 18:47:00+02:00"), utc("2025-02"), utc("yesterday")
    ('2025-02-19T16:47:00Z', '2025-02', '1970-01-01T00:00:00Z')
    """
    try:
        if _DAY.fullmatch(told):
            date.fromisoformat(told + "-01-01"[len(told) - 4 :])
            return told
        if _TIME.fullmatch(told):
            found = datetime.fromisoformat(told)
            if told.endswith("Z"):
                return told.replace(" ", "T")
            found = found.astimezone(UTC) if found.tzinfo else found
            return f"{found.replace(tzinfo=None).isoformat()}Z"
    except (ValueError, OverflowError):
        pass  # no such day or hour
    return _EPOCH


def uri(told: str) -> str:
    """A URL as a URI, with what may not stand in one percent-encoded; empty for what is no URL.

    >>> uri("http://e.org/é?a=|"), uri("http://e.org/a b"), uri("e.org")
    ('http://e.org/%C3%A9?a=%7C', '', '')
    """
    if not _URI.fullmatch(told):
        return ""
    sound = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", without_surrogates(told))
    return quote(sound, safe=_URI_MARKS)


def _identifier(page: Cleaned, kind: str) -> str:
    """The same for the same page, place and model."""
    name = f"{kind} {page.id} {page.source} {page.offset} {page.inner} {page.model}"
    return f"urn:uuid:{uuid5(NAMESPACE_URL, without_surrogates(name))}"
