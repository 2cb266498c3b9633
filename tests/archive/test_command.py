"""The command of the batch job: what it refuses, and what it tells."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segmenter.archive import Settings, archive
from segmenter.errors import SegmenterError
from tests.archive.runs import COUNT, report, run
from tests.made_archives import page_text, write


def test_wrong_usage_is_one_line(tmp_path: Path, crawl: Path) -> None:
    out = tmp_path / "out"
    assert "is none of" in run(crawl, "-o", out, "--keep", "reports", code=2).stderr
    assert "LABEL=X" in run(crawl, "-o", out, "--min-share", "boilerplate", code=2).stderr
    assert "No such file" in run(tmp_path / "none", "-o", out, code=1).stderr
    assert (
        "lies in the input"
        in run(write(tmp_path / "in", 2), "-o", tmp_path / "in" / "out", code=1).stderr
    )
    folder = tmp_path / "archives"
    folder.mkdir()
    (folder / "crawl.warc.gz").write_bytes(crawl.read_bytes())
    assert "lies in the input" in run(folder, "-o", folder / "out", code=1).stderr
    (folder / "more.jsonl").write_text('{"text": "Rain."}\n')
    for pattern in ("*", "**", "**/*.jsonl", "**/*.gz"):
        told = run(folder / pattern, "-o", folder / "out", code=1).stderr
        assert "name another output" in told
        assert not (folder / "out").exists()
    for option in ("--page-timeout", "--shard-mib"):
        for number in ("inf", "nan"):
            assert option in run(crawl, "-o", out, option, number, code=2).stderr
    assert "an empty name" in run(crawl, "-o", "", code=1).stderr
    assert "is a file" in run(crawl, "-o", crawl, code=1).stderr
    run("-o", out, code=2)
    assert not out.exists() or not list(out.rglob("*.*"))


def test_an_input_is_not_written_over(tmp_path: Path, crawl: Path) -> None:
    inside = tmp_path / "out" / "pages" / "crawl.warc.gz"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(crawl.read_bytes())
    for source in (inside, inside.parent):
        result = run(source, "-o", tmp_path / "out", "--overwrite", code=1)
        assert "lies where the job writes" in result.stderr
    assert inside.read_bytes() == crawl.read_bytes()


@pytest.mark.parametrize("to", ["jsonl", "text"])
def test_a_name_that_is_no_utf8(tmp_path: Path, to: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = os.fsencode(folder) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(path)).write_text(page_text(1))
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    for source in (folder, Path(os.fsdecode(path))):
        out = tmp_path / f"out of {source == folder}"
        for _ in range(2):
            assert report(source, "-o", out, "--to", to)["written"] == 1


def test_quiet_says_nothing_and_help_names_the_files(tmp_path: Path, crawl: Path) -> None:
    assert run(crawl, "-o", tmp_path / "out", "--quiet").stderr == ""
    shown = run("--help").stdout
    assert "    pages/SSSSS-NNNNN.SUFFIX       the cleaned pages\n" in shown  # a line of its own
    for name in ("pages/SSSSS-NNNNN.SUFFIX", "dropped/", "quarantine/", "manifest.sqlite"):
        assert name in shown


def test_a_terminal_is_shown_a_bar(tmp_path: Path, crawl: Path) -> None:
    terminal, side = os.openpty()
    command = [sys.executable, "-m", "segmenter", "archive", str(crawl), "-o", str(tmp_path / "o")]
    subprocess.run(command, stderr=side, check=True)
    os.close(side)
    shown = io.BytesIO()
    try:
        while data := os.read(terminal, 1 << 16):
            shown.write(data)
    except OSError:
        pass
    os.close(terminal)
    text = shown.getvalue().decode()
    assert "100%" in text
    assert "pages/s" in text
    assert "MB/s" in text
    assert "original_report" in text


def test_the_library_returns_the_summary(tmp_path: Path, crawl: Path) -> None:
    summary = archive([str(crawl)], str(tmp_path / "out"), Settings(to="jsonl"))
    assert summary.counts.written == COUNT
    assert summary.counts.passed == {"WARC request": 4}
    with pytest.raises(SegmenterError, match="is none of"):
        archive([str(crawl)], str(tmp_path / "o"), Settings(keep=("x",)))


def test_a_name_that_is_no_utf8_is_in_the_report(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_bytes(b"\x7fELF")
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    (folder / "page.txt").write_text(page_text(1))
    path = tmp_path / "report.json"
    run(folder, "-o", tmp_path / "out", "--report", path, code=1)
    assert "caf\udce9.txt" in " ".join(json.loads(path.read_text())["failures"])


def test_a_text_that_would_be_a_folder_too_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in" / "a.md.txt").mkdir(parents=True)
    for name in ("a.md", "a.md.txt/b.txt"):
        (tmp_path / "in" / name).write_text(page_text(1))
    told = run(tmp_path / "in", "-o", tmp_path / "out", "--to", "text", code=1).stderr
    assert "a file and a folder as text" in told
    assert report(tmp_path / "in", "-o", tmp_path / "out")["written"] == 2
