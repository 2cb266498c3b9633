"""Archives of made pages in every format, for the tests of reading and of the batch job."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

DATE = "2025-02-19T16:47:00Z"

_REPORT = (
    "The river rose by two metres on Friday, the fire brigade said.",
    "The council approved the budget with nine votes to four, according to the minutes.",
    "Police closed the bridge at noon and reopened it at six, a spokesman told reporters.",
    "Exports fell by 3.2 percent in March, the statistics office reported on Tuesday.",
    "The minister said that the new line would open in the autumn of next year.",
)
_MENU = (
    "Home | News | Sport | Weather",
    "Share this article",
    "Leave a comment",
    "© 2025 The Gazette",
)


def page_text(number: int) -> str:
    """The text of a page; the same number gives the same text."""
    chosen = random.Random(number)
    paragraphs = chosen.choices(_REPORT, k=chosen.randint(1, 6))
    return "\n\n".join([_MENU[0], f"Report {number}", *paragraphs, *chosen.choices(_MENU[1:], k=2)])


def page_html(number: int) -> str:
    """The page with markup."""
    lines = page_text(number).split("\n\n")
    body = "".join(f"<p>{line}</p>" for line in lines[2:-2])
    return (
        f"<!DOCTYPE html><html><head><title>{lines[1]}</title></head><body><nav>{lines[0]}</nav>"
        f"<article><h1>{lines[1]}</h1>{body}</article><footer>{lines[-1]}</footer></body></html>"
    )


def warc_records(count: int, others: bool = True) -> list[bytes]:
    """The records of a WARC by warcio, unpacked, each with what parts it from the next.

    ``others``: with requests between, which hold no page.
    """
    found: list[bytes] = []
    for number in range(count):
        url = f"http://example.org/{number}"
        if others and number % 10 == 0:
            found.append(_record(number, url, "request", b"GET / HTTP/1.0\r\n\r\n"))
        found.append(_record(number, url, "response", page_html(number).encode()))
    return found


def _record(number: int, url: str, kind: str, content: bytes) -> bytes:
    written = io.BytesIO()
    writer = WARCWriter(written, gzip=False)
    http = None
    if kind == "response":
        http = StatusAndHeaders(
            "200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1"
        )
    unique = f"{kind == 'request':08d}-0000-4000-8000-{number:012d}"
    fields = {"WARC-Record-ID": f"<urn:uuid:{unique}>", "WARC-Date": DATE}
    writer.write_record(
        writer.create_warc_record(
            url, kind, payload=io.BytesIO(content), http_headers=http, warc_headers_dict=fields
        )
    )
    return written.getvalue()


def packed(records: list[bytes], suffix: str) -> bytes:
    """The records as a file with this suffix holds them: a gzip member or zstd frame for each."""
    if suffix.endswith(".gz"):
        return b"".join(gzip.compress(record, mtime=0) for record in records)
    if suffix.endswith(".zst"):
        zstd = zstandard.ZstdCompressor(write_checksum=True)  # as the zstd command does
        return b"".join(zstd.compress(record) for record in records)
    return b"".join(records)


def rows(count: int) -> list[dict[str, Any]]:
    """The pages as rows: every other one with markup."""
    found = []
    for n in range(count):
        html, text = (page_html(n), None) if n % 2 else (None, page_text(n))
        url = f"http://example.org/{n}"
        found.append({"id": f"page {n}", "url": url, "date": DATE, "html": html, "text": text})
    return found


def write(path: Path, count: int) -> Path:
    """An archive of ``count`` pages in the format that the path's name tells; a folder without."""
    name = path.name
    if ".warc" in name:
        path.write_bytes(packed(warc_records(count), name))
    elif ".jsonl" in name:
        lines = "".join(json.dumps(row) + "\n" for row in rows(count)).encode()
        path.write_bytes(packed([lines], name))
    elif name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows(count)), path, row_group_size=max(1, count // 9))
    else:
        for n in range(count):
            html = n % 2 == 0
            file = path / f"{n % 7}" / f"{n:05d}.{'html' if html else 'txt'}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page_html(n) if html else page_text(n), encoding="utf-8")
    return path
