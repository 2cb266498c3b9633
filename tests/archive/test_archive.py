from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as PeerIterator

from segmenter import Segmenter
from segmenter.formats.writing import TARGETS
from tests.archive.runs import COUNT, EXAMPLE, digest, lines_of, report, run
from tests.made_archives import page_html, page_text, warc_records, write


def test_each_page_carries_what_is_known_of_it(done: Path, crawl: Path) -> None:
    pages = lines_of(done / "pages")
    assert len(pages) == COUNT
    segmenter = Segmenter.load()
    for number, page in enumerate(pages):
        expected = segmenter.segment_html(page_html(number))
        assert page["url"] == f"http://example.org/{number}"
        assert page["date"] == "2025-02-19T16:47:00Z"
        assert page["source"] == str(crawl)
        assert page["text"] == expected.clean()
        assert [b["text"] for b in page["blocks"]] == [b.text for b in expected.blocks]
        assert [b["label"] for b in page["blocks"]] == [b.label for b in expected.blocks]
        assert abs(sum(page["shares"].values()) - 1) < 0.001
        assert page["model"]
        record = zlib.decompressobj(31).decompress(crawl.read_bytes()[page["offset"] :])
        assert f"http://example.org/{number}\r\n".encode() in record


@pytest.mark.parametrize("to", TARGETS)
def test_every_format_goes_in_and_out(tmp_path: Path, to: str) -> None:
    names = ("a.warc", "a.jsonl.zst", "a.parquet", "folder", "page.html")
    sources = [write(tmp_path / name, 6) for name in names[:4]]
    sources.append(tmp_path / names[4])
    sources[4].write_text(page_html(1), encoding="utf-8")
    out = tmp_path / f"out.{to}"  # which tells the format
    assert report(*sources, "-o", out, *(["--to", to] if to == "text" else []))["written"] == 25
    files = sorted(path.name for path in (out / "pages").iterdir())
    assert files == [f"0000{n}" if to == "text" else f"0000{n}-00000.{to}" for n in range(5)]


def test_parquet_has_a_nested_column(tmp_path: Path, crawl: Path, done: Path) -> None:
    run(crawl, "-o", tmp_path / "out.parquet")
    (path,) = (tmp_path / "out.parquet" / "pages").iterdir()
    for row, line in zip(pq.read_table(path).to_pylist(), lines_of(done / "pages"), strict=True):
        assert row["text"] == line["text"]
        assert [b["label"] for b in row["blocks"]] == [b["label"] for b in line["blocks"]]
        assert row["shares"].keys() == line["shares"].keys()
        assert row["offset"] == line["offset"]


@pytest.mark.parametrize("to", ["warc", "warc.gz"])
def test_warc_keeps_the_original_and_refers_to_it(
    tmp_path: Path, crawl: Path, done: Path, to: str
) -> None:
    run(crawl, "-o", tmp_path / "out", "--to", to)
    (path,) = (tmp_path / "out" / "pages").iterdir()
    content = path.read_bytes() if to == "warc" else gzip.decompress(path.read_bytes())
    originals = [r for r in warc_records(COUNT) if b"WARC-Type: response" in r]
    texts = [line["text"] for line in lines_of(done / "pages")]
    at = 0
    for original, text in zip(originals, texts, strict=True):
        assert content[at : at + len(original)] == original
        at = content.index(b"WARC-Type: metadata", at)
        at = content.index(b"\r\n\r\nWARC/", at) + 4 if original is not originals[-1] else at
        assert text.encode() in content
    with path.open("rb") as handle:
        assert (
            len(list(ArchiveIterator(handle, parse_http=False, verify_digests=True))) == 3 * COUNT
        )
    with path.open("rb") as handle:
        last = ""
        for record in PeerIterator(handle, check_digests="raise"):
            if record.rec_type == "response":
                last = record.rec_headers["WARC-Record-ID"]
            else:
                assert record.rec_headers["WARC-Refers-To"] == last
            if record.rec_type == "conversion":
                assert record.content_stream().read().decode() == texts.pop(0)


EPOCH = "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("url", "date", "uri", "time"),
    [
        ("http://e.org/a", "2025-02-19T16:47:00Z", "http://e.org/a", "2025-02-19T16:47:00Z"),
        ("http://e.org/ü?a=|%", "2025-02-19", "http://e.org/%C3%BC?a=%7C%25", "2025-02-19"),
        ("http://e.org/%C3%BC", "2025", "http://e.org/%C3%BC", "2025"),
        ("not a url é", "yesterday", None, EPOCH),
        ("e.org/a", "Wed, 19 Feb 2025 16:47:00 GMT", None, EPOCH),
        ("http://e.org/\r\nX: 1", "2025-02-19T18:47:00+02:00", None, "2025-02-19T16:47:00Z"),
        ("http://e.org/\ud800", "2025-02-19 16:47", "http://e.org/%EF%BF%BD",
         "2025-02-19T16:47:00Z"),
        ("", "2025-02-30T00:00:00Z", None, EPOCH),
        (7, 1739983620, None, EPOCH),
    ],
)  # fmt: skip
def test_warc_has_a_date_and_a_uri_or_none(
    tmp_path: Path, url: object, date: object, uri: str | None, time: str
) -> None:
    source = tmp_path / "a.jsonl"
    row = {"id": "\ud800", "text": page_text(1), "url": url, "date": date}
    source.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert report(source, "-o", tmp_path / "out.warc")["written"] == 1
    (path,) = (tmp_path / "out.warc" / "pages").iterdir()
    with path.open("rb") as handle:
        for record in PeerIterator(handle, check_digests="raise"):
            headers, content = record.rec_headers, record.content_stream().read()
            original = headers["WARC-Refers-To"] or headers["WARC-Record-ID"]
            assert headers["WARC-Date"] == time
            assert headers["WARC-Target-URI"] == (uri or original.strip("<>"))
            assert headers["X"] is None
    assert record.rec_type == "metadata"
    about = json.loads(content)
    assert (about["url"], about["date"]) == (str(url), str(date))


def test_files_of_a_folder_that_are_not_read_are_told(tmp_path: Path) -> None:
    source = write(tmp_path / "folder", 3)
    (source / "page.php").write_text("<p>The river rose on Monday, police said.</p>")
    result = run(source, "-o", tmp_path / "out")
    assert f"{source}: 1 file is left alone" in result.stderr
    found = report(source, "-o", tmp_path / "all", "--input-format", "html")
    assert found["left_alone"] == []


def test_text_mirrors_the_folder(tmp_path: Path) -> None:
    source = write(tmp_path / "folder", 9)
    run(source, "-o", tmp_path / "out", "--to", "text")
    wanted = {
        str(path.relative_to(source)).removesuffix(".txt") + ".txt" for path in source.rglob("*.*")
    }
    root = tmp_path / "out" / "pages" / "00000"
    assert {str(path.relative_to(root)) for path in root.rglob("*.*")} == wanted
    for line in lines_of(tmp_path / "out" / "labels"):
        text = (tmp_path / "out" / line["file"]).read_text(encoding="utf-8")
        assert (
            all(
                block["text"] in text
                for block in line["blocks"]
                if block["label"] == "original_report"
            )
            or "metadata" in line
        )


def test_the_same_whatever_the_jobs_and_the_shards(tmp_path: Path, crawl: Path, done: Path) -> None:
    for jobs in (1, 2):
        run(crawl, "-o", tmp_path / f"j{jobs}", "-j", jobs, "--shard-mib", "0.01")
    assert digest(tmp_path / "j1") == digest(tmp_path / "j2")
    assert lines_of(done / "pages") == lines_of(tmp_path / "j1" / "pages")
    assert len(list((tmp_path / "j1" / "pages").iterdir())) > 2


def test_what_is_dropped_is_kept_elsewhere_with_the_reason(
    tmp_path: Path, segmenter: Segmenter
) -> None:
    source = tmp_path / "a.jsonl"
    menu = {"id": "menu", "text": "Share this article\n\nLeave a Replay\n\nSubscribe"}
    good = {"id": "good", "text": EXAMPLE.read_text(encoding="utf-8")}
    low, high = (
        segmenter.segment(page["text"]).shares().get("original_report", 0.0)
        for page in (menu, good)
    )
    assert low < high
    source.write_text("".join(json.dumps(row) + "\n" for row in (menu, good)), encoding="utf-8")
    found = report(source, "-o", tmp_path / "out", "--min-share", f"original_report={high - 0.01}")
    assert (found["written"], found["dropped"]) == (1, 1)
    (dropped,) = lines_of(tmp_path / "out" / "dropped")
    assert dropped["id"] == "menu"
    assert dropped["reason"] == f"original_report is {low:.4f} of it, under {high - 0.01:g}"
    assert [block["text"] for block in dropped["blocks"]] == menu["text"].split("\n\n")
    found = report(source, "-o", tmp_path / "empty", "--drop-empty", "--no-blocks")
    assert found["dropped_by"] == {"drop-empty": 1}
    assert "blocks" not in lines_of(tmp_path / "empty" / "pages")[0]
    assert lines_of(tmp_path / "empty" / "dropped")[0]["blocks"]


def test_records_that_fail_are_set_aside_with_their_place(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    lines = ['{"id": 1, "text": "The river rose."}', "{broken", '{"id": 2, "text": "It fell."}']
    source.write_text("\n".join(lines), encoding="utf-8")
    result = run(source, "-o", tmp_path / "out", code=1)
    (kept,) = lines_of(tmp_path / "out" / "quarantine")
    assert source.read_bytes()[kept["offset"] :][: kept["bytes"]] == b"{broken\n"
    assert "is no JSON" in kept["reason"]
    assert f"{source}, line 2: is no JSON" in result.stderr
    assert "3 pages = 2 written + 0 dropped + 1 quarantined" in result.stderr


def test_standard_input_keeps_what_it_sets_aside(tmp_path: Path) -> None:
    lines = b'{"id": 1, "text": "The river rose."}\n{broken\n'
    found = report("-", "-o", tmp_path / "out", stdin=lines, code=1)
    assert (found["written"], found["quarantined"]) == (1, 1)
    (kept,) = lines_of(tmp_path / "out" / "quarantine")
    assert kept["content"] == "e2Jyb2tlbgo="
    # Given again it is known; given otherwise it is refused.
    report("-", "-o", tmp_path / "out", stdin=lines, code=1)
    result = run("-", "-o", tmp_path / "out", stdin=lines.replace(b"rose", b"fell"), code=1)
    assert "standard input has changed" in result.stderr


def test_of_what_is_too_long_the_beginning_and_the_length_are_kept(tmp_path: Path) -> None:
    long = json.dumps({"id": "long", "text": "x" * 9000}).encode() + b"\n"
    short = b'{"id": "short", "text": "The river rose."}\n'
    more = ("--max-page-bytes", "5000")
    found = report("-", "-o", tmp_path / "stdin", *more, stdin=short + long + short, code=1)
    assert (found["written"], found["quarantined"]) == (2, 1)
    (kept,) = lines_of(tmp_path / "stdin" / "quarantine")
    assert kept["bytes"] == len(long)
    assert base64.b64decode(kept["content"]) == long[:5000]
    assert f"takes {len(long)} bytes" in kept["reason"]
    longer = long.replace(b"xxx", b"xxxx", 1)
    result = run("-", "-o", tmp_path / "stdin", *more, stdin=short + longer + short, code=1)
    assert "standard input has changed" in result.stderr
    other = long.replace(b"xxx", b"yyy", 1)
    result = run("-", "-o", tmp_path / "stdin", *more, stdin=short + other + short, code=1)
    assert "standard input has changed" in result.stderr
    source = tmp_path / "a.jsonl.gz"
    source.write_bytes(gzip.compress(short + long) + gzip.compress(short * 99)[:-20])
    run(source, "-o", tmp_path / "file", *more, code=1)
    kept = lines_of(tmp_path / "file" / "quarantine")
    assert [(line["bytes"], "content" in line) for line in kept] == [
        (len(long), False),
        (None, False),
    ]
    plain = tmp_path / "a.jsonl"
    plain.write_bytes(short + long + short)
    run(plain, "-o", tmp_path / "plain", *more, code=1)
    (kept,) = lines_of(tmp_path / "plain" / "quarantine")
    assert plain.read_bytes()[kept["offset"] :][: kept["bytes"]] == long
    found = report("-", "-o", tmp_path / "text", *more, stdin=b"The river rose. " * 999, code=1)
    (kept,) = lines_of(tmp_path / "text" / "quarantine")
    assert base64.b64decode(kept["content"]) == (b"The river rose. " * 999)[:5000]


def test_a_page_that_takes_too_long_is_set_aside(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    long = json.dumps({"id": "long", "text": page_text(1) * 30_000})
    good = json.dumps({"id": "good", "text": page_text(1)})
    source.write_text(f"{good}\n{long}\n{good}\n", encoding="utf-8")
    found = report(source, "-o", tmp_path / "out", "--page-timeout", "0.2", code=1)
    assert (found["written"], found["quarantined"]) == (2, 1)
    (kept,) = lines_of(tmp_path / "out" / "quarantine")
    assert kept["reason"] == "took longer than 0.2 s, twice"
    assert kept["record"] == 1


def test_a_page_over_the_bound_is_set_aside(tmp_path: Path) -> None:
    source = tmp_path / "folder"
    write(source, 4)
    (source / "long.txt").write_text(page_text(1) * 100, encoding="utf-8")
    found = report(source, "-o", tmp_path / "out", "--max-page-bytes", "5000", code=1)
    assert (found["written"], found["quarantined"]) == (4, 1)
    assert lines_of(tmp_path / "out" / "quarantine")[0]["file"] == "long.txt"


def test_inputs_and_outputs_in_memory(tmp_path: Path, crawl: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/in/crawl.warc.gz", crawl.read_bytes())
    args = ("memory://in/crawl.warc.gz", "-o", "memory://out", "--to", "parquet")
    assert report(*args)["written"] == COUNT
    assert memory.find("/out") == ["/out/manifest.sqlite", "/out/pages/00000-00000.parquet"]
    assert report(*args)["this_run"]["pages"] == 0
    memory.pipe_file("/in/crawl.warc.gz", crawl.read_bytes()[:-1])
    assert "has changed" in run(*args, code=1).stderr


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield "s3://crawls"
    server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_inputs_and_outputs_on_s3(tmp_path: Path, crawl: Path, s3: str) -> None:
    import s3fs

    system = s3fs.S3FileSystem()
    system.mkdir("crawls")
    system.put_file(str(crawl), "crawls/in/crawl.warc.gz")
    args = (f"{s3}/in/*.warc.gz", "-o", f"{s3}/out", "--shard-mib", "0.01")
    assert report(*args)["written"] == COUNT
    run(crawl, "-o", tmp_path / "out", "--shard-mib", "0.01")
    system.invalidate_cache()
    system.get("crawls/out/", str(tmp_path / "s3"), recursive=True)
    assert [p["text"] for p in lines_of(tmp_path / "s3" / "pages")] == [
        p["text"] for p in lines_of(tmp_path / "out" / "pages")
    ]
    system.rm_file("crawls/out/pages/00000-00001.jsonl.gz")
    system.invalidate_cache()
    assert 0 < report(*args)["this_run"]["pages"] < COUNT
