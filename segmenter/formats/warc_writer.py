"""WARC with the cleaned text beside the original, which is kept byte for byte.

Each page gives three records: the original response; a ``conversion`` with the cleaned text; and a
``metadata`` record with labels and shares as JSON. Both refer to the original. Their identifiers
and dates follow from the original's, so that the same input gives the same bytes. Source: ISO
28500:2017, sections 6.7 (metadata) and 6.9 (conversion).
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from segmenter.formats.cleaned import Cleaned
from segmenter.formats.extras import load
from segmenter.formats.record import RawRecord
from segmenter.formats.text import without_surrogates

_EPOCH = "1970-01-01T00:00:00Z"
"""The date of records whose original tells none: WARC asks for one."""


class WarcFile:
    """A WARC that is being written, plain or with a gzip member for each record."""

    def __init__(self, path: Path, packed: bool, blocks: bool) -> None:
        """A new file at ``path``. Raises `MissingExtraError` and `OSError`."""
        self._warc = load("fastwarc.warc", "warc", "WARC")
        self._packed, self._blocks = packed, blocks
        self._handle = path.open("wb")

    def write(self, page: Cleaned, raw: RawRecord) -> None:
        """Adds the original and the two records that refer to it."""
        date = page.date or _EPOCH
        if isinstance(raw.data, bytes) and raw.data.startswith(b"WARC/"):
            original = page.id
            self._add(raw.data + b"\r\n\r\n")
        else:
            original = _identifier(page, "resource")
            kind = {"Content-Type": page.original_type}
            self._record("resource", original, page, date, kind, page.original)
        refers = {"WARC-Refers-To": f"<{original}>"}
        text = {**refers, "Content-Type": "text/plain; charset=utf-8"}
        content = without_surrogates(page.text).encode()
        self._record("conversion", _identifier(page, "conversion"), page, date, text, content)
        about = page.to_dict(text=False, blocks=self._blocks)
        kind = {**refers, "Content-Type": "application/json"}
        content = json.dumps(about).encode()
        self._record("metadata", _identifier(page, "metadata"), page, date, kind, content)

    def close(self) -> None:
        """Completes the file."""
        self._handle.close()

    def _record(
        self, kind: str, name: str, page: Cleaned, date: str, fields: dict[str, str], content: bytes
    ) -> None:
        record: Any = self._warc.WarcRecord()
        record.init_headers(getattr(self._warc, kind), name.removeprefix("urn:").encode())
        record.headers["WARC-Date"] = date
        if page.url or kind == "resource":
            record.headers["WARC-Target-URI"] = page.url or name
        for field, value in fields.items():
            record.headers[field] = value
        record.set_bytes_content(content)
        written = io.BytesIO()
        record.write(written, checksum_data=True)
        self._add(written.getvalue())

    def _add(self, record: bytes) -> None:
        self._handle.write(gzip.compress(record, 6, mtime=0) if self._packed else record)


def _identifier(page: Cleaned, kind: str) -> str:
    """The same for the same page, place and model."""
    name = f"{kind} {page.id} {page.source} {page.offset} {page.inner} {page.model}"
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"
