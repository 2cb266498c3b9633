from __future__ import annotations

import gzip
import io
import random
import re
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import zstandard
from fastwarc import warc as fastwarc
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from segmenter.encoding import decode_html
from segmenter.errors import InputError
from segmenter.formats import Place, RawRecord, Reading, Record, raw_records, read, sources_of
from tests.made_archives import packed, page_html, warc_records

COUNT = 12
RECORDS = warc_records(COUNT, others=False)
SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
LIMITED = Reading(max_bytes=100_000)


def found_in(path: Path, reading: Reading = LIMITED) -> tuple[list[int], list[str]]:
    """The numbers of the pages that come through unharmed, and what is told of the others."""
    numbers, errors = [], []
    for item in read(str(path), reading):
        if isinstance(item, Record):
            number = int(item.url.rpartition("/")[2])
            assert item.html in (page_html(number), page_html(number).encode())
            assert item.id == f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
            assert item.date == "2025-02-19T16:47:00Z"
            numbers.append(number)
        else:
            errors.append(str(item))
    return numbers, errors


def written(tmp_path: Path, suffix: str, content: bytes) -> Path:
    path = tmp_path / f"crawl{suffix}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_sound_archive_of_warcio(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, suffix, packed(warc_records(COUNT), suffix))
    assert found_in(path) == (list(range(COUNT)), [])
    kinds = [raw.passed for raw in raw_records(sources_of(str(path), LIMITED)[0], LIMITED)]
    assert kinds.count("WARC request") == 2


@pytest.mark.parametrize(
    ("told", "content", "read_as"),
    [
        ("text/html; charset=ISO-8859-2", "<p>Łódź".encode("iso8859-2"), "<p>Łódź"),
        ("text/html; charset=gb2312", "<p>北京".encode("gbk"), "<p>北京"),
        (
            'text/html; Charset="windows-1251"',
            '<meta charset="utf-8"><p>Пермь'.encode("cp1251"),
            '<meta charset="utf-8"><p>Пермь',
        ),
        ("text/html; charset=windows-1251", "\ufeff<p>Пермь".encode(), "<p>Пермь"),
        ("text/html; charset=klingon", "<p>Łódź".encode(), "<p>Łódź"),
        ("text/plain; charset=shift_jis", "東京".encode("cp932"), "東京"),
        ("text/plain; charset=utf-16be", "Łódź".encode("utf-16-be"), "Łódź"),
        ("text/plain", "Łódź".encode(), "Łódź"),
    ],
)
def test_what_a_server_told_of_the_charset_is_heard(
    tmp_path: Path, told: str, content: bytes, read_as: str
) -> None:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=False)
    http = StatusAndHeaders("200 OK", [("Content-Type", told)], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(
            "http://example.org/0", "response", payload=io.BytesIO(content), http_headers=http
        )
    )
    (page,) = read(str(written(tmp_path, ".warc", file.getvalue())), LIMITED)
    assert isinstance(page, Record)
    html = decode_html(page.html) if isinstance(page.html, bytes) else page.html
    assert (page.text if html is None else html) == read_as
    assert page.note == ""


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_archive_of_fastwarc(tmp_path: Path, suffix: str) -> None:
    from fastwarc.stream_io import GzipWriter

    path = tmp_path / f"crawl.warc{suffix}"
    with path.open("wb") as handle:
        stream = GzipWriter(handle) if suffix else handle
        for kind in (fastwarc.warcinfo, fastwarc.revisit, fastwarc.response):
            record = fastwarc.WarcRecord()
            record.init_headers(kind)
            record.headers["WARC-Target-URI"] = "http://example.org/0"
            record.headers["Content-Type"] = "application/http; msgtype=response"
            body = page_html(0).encode()
            record.set_bytes_content(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body)
            record.write(stream, checksum_data=True)
        if suffix:
            stream.close()
    pages = list(read(str(path), LIMITED))
    assert [page.html for page in pages if isinstance(page, Record)] == [page_html(0).encode()]
    assert len(pages) == 1


@pytest.mark.skipif(shutil.which("wget") is None, reason="needs wget")
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_archive_of_wget(tmp_path: Path, suffix: str) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "page.html").write_text(page_html(3), encoding="utf-8")
    (site / "note.txt").write_text("The mayor resigned on Monday.", encoding="utf-8")
    (site / "data.bin").write_bytes(b"\0\1")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        urls = [f"{base}/{name}" for name in ("page.html", "note.txt", "data.bin", "missing.html")]
        options = ["--no-warc-compression"] if not suffix else []
        subprocess.run(
            ["wget", "-q", f"--warc-file={tmp_path}/crawl", "-P", str(tmp_path / "got"),
             *options, *urls],
            check=False,
        )  # fmt: skip
        server.shutdown()
    pages = list(read(str(tmp_path / f"crawl.warc{suffix}"), LIMITED))
    assert [page for page in pages if isinstance(page, InputError)] == []
    assert [page.url.rpartition("/")[2] for page in pages if isinstance(page, Record)] == [
        "page.html", "note.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_archive_keeps_what_came_before(tmp_path: Path, suffix: str) -> None:
    pieces = [packed([record], suffix) for record in RECORDS]
    content = b"".join(pieces)
    ends = [sum(map(len, pieces[: i + 1])) for i in range(COUNT)]
    chosen = random.Random(1)
    for length in [chosen.randrange(1, len(content)) for _ in range(60)]:
        numbers, errors = found_in(written(tmp_path, suffix, content[:length]))
        # Of an unpacked record, the line breaks behind it may be missing.
        slack = 4 if suffix == ".warc" else 0
        whole = [n for n, end in enumerate(ends) if end - slack <= length]
        assert numbers == whole
        rest = length - (ends[len(whole) - 1] if whole else 0)
        assert len(errors) == (rest > 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_flipped_bit_costs_one_record(tmp_path: Path, suffix: str) -> None:
    pieces = [packed([record], suffix) for record in RECORDS]
    chosen = random.Random(2)
    for _ in range(150):
        hit = chosen.randrange(COUNT)
        damaged = bytearray(pieces[hit])
        # What lies outside of header fields that matter and of content changes nothing.
        at = chosen.randrange(len(damaged))
        damaged[at] ^= 1 << chosen.randrange(8)
        content = b"".join([*pieces[:hit], bytes(damaged), *pieces[hit + 1 :]])
        intact = [n for n in range(COUNT) if n != hit]
        try:
            numbers, errors = found_in(written(tmp_path, suffix, content))
        except (AssertionError, ValueError):
            assert suffix == ".warc"  # a name in a header, which no digest covers
            assert at < RECORDS[hit].index(b"\r\n\r\n")
            continue
        assert [n for n in numbers if n != hit] == intact
        assert len(errors) <= 1
        if not errors and hit not in numbers:  # the type in the header
            assert suffix == ".warc"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("wrong", ["7", "99", "100000000", "99999999999999999", "x", "-5", ""])
def test_a_wrong_length_costs_one_record(tmp_path: Path, suffix: str, wrong: str) -> None:
    changed = re.sub(
        rb"Content-Length: \d+", b"Content-Length: " + wrong.encode(), RECORDS[5], count=1
    )
    assert changed != RECORDS[5]
    records = [*RECORDS[:5], changed, *RECORDS[6:]]
    numbers, errors = found_in(written(tmp_path, suffix, packed(records, suffix)))
    assert numbers == [n for n in range(COUNT) if n != 5]
    assert len(errors) == 1
    assert "Content-Length" in errors[0] or "length" in errors[0] or "takes" in errors[0]


def one_member(records: list[bytes]) -> bytes:
    return gzip.compress(b"".join(records))


def members_of_a_size(records: list[bytes]) -> bytes:
    content = b"".join(records)
    return b"".join(gzip.compress(content[i : i + 700]) for i in range(0, len(content), 700))


def header_and_content_apart(records: list[bytes]) -> bytes:
    parts = (record.partition(b"\r\n\r\n") for record in records)
    return b"".join(gzip.compress(a + b) + gzip.compress(c) for a, b, c in parts)


def padded(records: list[bytes]) -> bytes:
    return packed(records, ".gz") + bytes(5000)


def without_line_breaks(records: list[bytes]) -> bytes:
    return packed([record.rstrip(b"\r\n") for record in records], ".gz")


@pytest.mark.parametrize(
    "frame",
    [one_member, members_of_a_size, header_and_content_apart, padded, without_line_breaks],
)
def test_any_framing_by_gzip_is_read(tmp_path: Path, frame: Callable[[list[bytes]], bytes]) -> None:
    assert found_in(written(tmp_path, ".warc.gz", frame(RECORDS))) == (list(range(COUNT)), [])


def test_junk_between_members_is_told_of_once(tmp_path: Path) -> None:
    pieces = [packed([record], ".gz") for record in RECORDS]
    junk = random.Random(3).randbytes(3000) + b"\x1f\x8b\x08\x00 no gzip"
    content = b"".join([*pieces[:4], junk, *pieces[4:]])
    numbers, errors = found_in(written(tmp_path, ".warc.gz", content))
    assert numbers == list(range(COUNT))
    assert len(errors) == 1
    assert f"byte {sum(map(len, pieces[:4]))}" in errors[0]


def test_damage_in_the_one_member_keeps_what_came_before(tmp_path: Path) -> None:
    many = warc_records(400, others=False)
    content = bytearray(one_member(many))
    content[len(content) // 2] ^= 0xFF
    numbers, errors = found_in(written(tmp_path, ".warc.gz", bytes(content)))
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 50
    assert errors


def test_an_archive_with_a_zstd_dictionary(tmp_path: Path) -> None:
    dictionary = zstandard.train_dictionary(2048, warc_records(200, others=False))
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    for stored in (dictionary.as_bytes(), zstandard.compress(dictionary.as_bytes())):
        head = b"\x5d\x2a\x4d\x18" + len(stored).to_bytes(4, "little") + stored
        content = head + b"".join(packer.compress(record) for record in RECORDS)
        assert found_in(written(tmp_path, ".warc.zst", content)) == (list(range(COUNT)), [])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_bomb_is_told_of_and_not_unpacked(tmp_path: Path, suffix: str) -> None:
    bomb = RECORDS[0].partition(b"\r\n\r\n")[0]
    bomb = re.sub(rb"Content-Length: \d+", b"Content-Length: 50000000", bomb)
    bomb += b"\r\n\r\n" + bytes(50_000_000) + b"\r\n\r\n"
    content = packed([*RECORDS[:3], bomb, *RECORDS[3:]], suffix)
    numbers, errors = found_in(written(tmp_path, suffix, content))
    assert numbers == list(range(COUNT))
    assert len(errors) == 1
    assert "--max-page-bytes" in errors[0]


def response(content: bytes, fields: list[tuple[str, str]], status: str = "200 OK") -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=False)
    http = StatusAndHeaders(status, fields, protocol="HTTP/1.1")
    payload = io.BytesIO(content)
    writer.write_record(
        writer.create_warc_record("http://e.org/0", "response", payload=payload, http_headers=http)
    )
    return buffer.getvalue()


HTML = ("Content-Type", "text/html")


def test_content_that_unpacks_to_too_much_is_told_of(tmp_path: Path) -> None:
    bomb = response(gzip.compress(bytes(50_000_000)), [HTML, ("Content-Encoding", "gzip")])
    numbers, errors = found_in(written(tmp_path, ".warc", packed([bomb, *RECORDS], "")))
    assert numbers == list(range(COUNT))
    assert len(errors) == 1
    assert "unpacks" in errors[0]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (gzip.compress(page_html(0).encode()), [HTML, ("Content-Encoding", "gzip")]),
        (zlib.compress(page_html(0).encode()), [HTML, ("Content-Encoding", "deflate")]),
        (
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(page_html(0).encode()), page_html(0).encode()),
            [HTML, ("Transfer-Encoding", "chunked")],
        ),
        (page_html(0).encode(), []),
    ],
)
def test_content_as_servers_send_it(
    tmp_path: Path, content: bytes, fields: list[tuple[str, str]]
) -> None:
    path = written(tmp_path, ".warc", response(content, fields))
    (page,) = read(str(path), LIMITED)
    assert isinstance(page, Record)
    assert isinstance(page.html, bytes)
    assert page.html.decode() == page_html(0)


def test_what_is_no_page_is_passed_over(tmp_path: Path) -> None:
    records = [
        response(b"\x89PNG", [("Content-Type", "image/png")]),
        response(b"<p>gone", [HTML], "404 Not Found"),
    ]
    assert list(read(str(written(tmp_path, ".warc", packed(records, ""))), LIMITED)) == []


def test_conversion_records_are_texts(tmp_path: Path) -> None:
    head = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://e.org/\r\n"
    text = "Zürich: the café rose.".encode()
    head += f"Content-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n"
    path = written(tmp_path, ".warc.wet.gz", gzip.compress(head.encode() + text + b"\r\n\r\n"))
    (page,) = read(str(path), LIMITED)
    assert isinstance(page, Record)
    assert page.text == "Zürich: the café rose."
    assert page.html is None


def damaged(name: str) -> bytes:
    changed = re.sub(rb"Content-Length: \d+", b"Content-Length: 9", RECORDS[5], count=1)
    if name == "length":
        return packed([*RECORDS[:5], changed, *RECORDS[6:]], ".gz")
    if name == "one member":
        return one_member([*RECORDS[:5], changed, *RECORDS[6:]]) + packed(RECORDS, ".gz")[:-30]
    content = bytearray(packed(RECORDS, ".gz"))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize("name", ["length", "one member", "bit"])
def test_reading_can_begin_at_any_record(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, ".warc.gz", damaged(name))
    source = sources_of(str(path), LIMITED)[0]
    whole = list(raw_records(source, LIMITED))
    assert any(raw.error for raw in whole)
    assert [raw.place.number for raw in whole] == list(range(len(whole)))
    for i, raw in enumerate(whole):
        again: list[RawRecord] = list(raw_records(source, LIMITED, raw.place))
        assert again == whole[i:]
    assert whole[0].place == Place()
