"""The batch job measured: ``python -m benchmarks.archive --corpora FOLDER``.

A WARC is made of public pages with markup, and goes to Parquet by the batch job with one and two
labelling processes, beside FastWARC alone, which only reads the records, and trafilatura, which
extracts their text, each in a process of its own, in turn, round after round. Then a WARC of ten
times the pages, for the memory. Writes ``archive.json`` here and the figures into
``docs/archive.md``.
"""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

HERE = Path(__file__).parent
GUIDE = HERE.parent / "docs" / "archive.md"
BEGIN, END = "<!-- figures: written by `python -m benchmarks.archive` -->", "<!-- /figures -->"
CORPORA = ("fundus.jsonl.gz", "trafilatura.jsonl.gz", "readability_en.jsonl.gz")
_POLL = 0.05


def public_pages(corpora: Path) -> list[bytes]:
    """The pages with markup that are at hand."""
    pages = []
    for name in CORPORA:
        with gzip.open(corpora / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                data = json.loads(line)
                if data.get("english", True):
                    pages.append(data["html"].encode("utf-8", "replace"))
    return pages


def write_warc(path: Path, pages: list[bytes], count: int) -> int:
    """A packed WARC of ``count`` responses; returns the bytes of its records."""
    from fastwarc import warc

    total = 0
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    with path.open("wb") as handle:
        for number, page in zip(range(count), itertools.cycle(pages), strict=False):
            record = warc.WarcRecord()
            record.init_headers(warc.response)
            record.headers["WARC-Target-URI"] = f"http://localhost/{number}"
            record.headers["Content-Type"] = "application/http; msgtype=response"
            record.set_bytes_content(head + page)
            written = io.BytesIO()
            record.write(written, checksum_data=True)
            total += len(written.getvalue())
            handle.write(gzip.compress(written.getvalue(), 6, mtime=0))
    return total


def read_alone(path: str) -> int:
    """Reads all responses by FastWARC and does nothing with them."""
    from fastwarc.warc import ArchiveIterator, response

    return sum(len(r.reader.read()) for r in ArchiveIterator(path, record_types=response))


def extract(path: str) -> int:
    """The text of all responses by trafilatura."""
    import trafilatura
    from fastwarc.warc import ArchiveIterator, response

    records = ArchiveIterator(path, record_types=response)
    return sum(len(trafilatura.extract(r.reader.read()) or "") for r in records)


def _alone(function: str, path: Path) -> list[str]:
    code = f"import sys; from benchmarks.archive import {function}; {function}(sys.argv[1])"
    return [sys.executable, "-c", code, str(path)]


def _job(path: Path, output: Path, jobs: int) -> list[str]:
    return [
        sys.executable, "-m", "segmenter", "archive", str(path), "-o", str(output),
        "--to", "parquet", "-j", str(jobs), "--quiet", "--overwrite",
    ]  # fmt: skip


def measured(command: list[str]) -> dict[str, float]:
    """Seconds by the clock and of processors, and the peak memory of its processes, in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    peaks: dict[int, int] = {}
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - begin
    watcher.join()
    if code:
        raise click.ClickException(f"{' '.join(command)} ended with {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": processor, "peak": sum(peaks.values()) / 1024}


def _watch(process: subprocess.Popen[bytes], peaks: dict[int, int]) -> None:
    """Notes the peak of each process of a job, in KiB, until it ends."""
    while process.poll() is None:
        for pid in _family(process.pid):
            try:
                status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
                peaks[pid] = int(status.partition("VmHWM:")[2].split()[0])
            except (OSError, IndexError):
                continue  # it has just ended
        time.sleep(_POLL)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    except OSError:
        return
    for child in text.split():
        yield from _family(int(child))


def compare(path: Path, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """The medians of each way over the rounds."""
    ways = {
        "FastWARC alone": _alone("read_alone", path),
        "segmenter archive -j 1": _job(path, folder / "one", 1),
        "segmenter archive -j 2": _job(path, folder / "two", 2),
        "trafilatura": _alone("extract", path),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, command in ways.items():
            found[name].append(measured(command))
    return {
        name: {key: statistics.median(each[key] for each in all_) for key in all_[0]}
        for name, all_ in found.items()
    }


def figures(result: dict[str, Any]) -> str:
    """The figures as the guide shows them."""
    pages, size = result["pages"], result["bytes"]
    rows = [
        f"| {name} | {pages / way['seconds']:.0f} | {size / way['seconds'] / 1e6:.1f} |"
        f" {1000 * way['processor'] / pages:.2f} | {way['peak']:.0f} |"
        for name, way in result["ways"].items()
    ]
    small, large = result["memory"]
    # What starting takes is in both, and so not in the difference.
    each = (large["processor"] - small["processor"]) / (large["pages"] - small["pages"])
    hours = result["month"] * each / 3600
    return "\n".join(
        [
            BEGIN,
            f"{pages} public pages, {size / 1e6:.0f} MB of records, WARC to Parquet, with the start"
            f" of the processes; median of {result['rounds']} rounds on {result['cores']} cores"
            f" ({result['machine']}),"
            f" {result['load']:.1f} other processes at work on average.",
            "",
            "| way | pages/s | MB/s | processor ms a page | peak MiB of all processes |",
            "| --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            f"Memory of `-j 2`: {small['peak']:.0f} MiB for {small['pages']} pages,"
            f" {large['peak']:.0f} MiB for {large['pages']}.",
            "",
            f"A month of CC-NEWS, with {result['month'] / 1e6:.1f} million pages and"
            f" t = {each * 1000:.2f} ms: {hours:.0f} core hours;"
            f" at 0.04 a core hour, {hours * 0.04:.2f}.",
            END,
        ]
    )


@click.command()
@click.option("--corpora", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--pages", "count", default=3000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--month", default=11_500_000, show_default=True, help="Pages of a month.")
def main(corpora: Path, count: int, rounds: int, month: int) -> None:
    """Measure the batch job."""
    pages = public_pages(corpora)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, large = folder / "crawl.warc.gz", folder / "large.warc.gz"
        size = write_warc(path, pages, count)
        begin, load = time.perf_counter(), os.getloadavg()[0]
        ways = compare(path, folder, rounds)
        load = max(0.0, (load + os.getloadavg()[0]) / 2 - 1)
        click.echo(f"compared in {time.perf_counter() - begin:.0f} s", err=True)
        small = measured(_job(path, folder / "small", 2))
        write_warc(large, pages, 10 * count)
        tenfold = measured(_job(large, folder / "large", 2))
    result = {
        "pages": count,
        "bytes": size,
        "rounds": rounds,
        "month": month,
        "cores": os.cpu_count(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "load": load,
        "versions": {p: version(p) for p in ("fastwarc", "pyarrow", "trafilatura")},
        "ways": ways,
        "memory": [
            {"pages": count, **small},
            {"pages": 10 * count, **tenfold},
        ],
    }
    (HERE / "archive.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = GUIDE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    GUIDE.write_text(before + figures(result) + rest.split(END, 1)[1], encoding="utf-8")
    click.echo(figures(result))


if __name__ == "__main__":
    main()
