from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segmenter import Segmenter
from tests import faults
from tests.archive.runs import digest, run
from tests.made_archives import page_text, write


def test_an_output_is_never_overwritten_unasked(tmp_path: Path, crawl: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    assert "is not empty" in run(crawl, "-o", out, code=1).stderr
    run(crawl, "-o", out, "--overwrite")
    assert (out / "mine.txt").read_text(encoding="utf-8") == "mine"
    before = digest(out)
    run(crawl, "-o", out)
    assert digest(out) == before
    run(crawl, "-o", out, "--overwrite", "--to", "jsonl")
    assert [path.name for path in (out / "pages").iterdir()] == ["00000-00000.jsonl"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--to", "jsonl"], "--to was"),
        (["--keep", "boilerplate"], "--keep was"),
        (["--no-blocks"], "(--no-blocks) was"),
        (["--max-page-bytes", "99999"], "--max-page-bytes was"),
        (["--shard-mib", "1"], "bytes of a shard (--shard-mib) was"),
    ],
)
def test_changed_options_are_refused(
    done: Path, crawl: Path, options: list[str], told: str
) -> None:
    before = digest(done)
    assert told in run(crawl, "-o", done, *options, code=1).stderr
    assert digest(done) == before


def test_a_changed_model_or_input_is_refused(
    tmp_path: Path, crawl: Path, segmenter: Segmenter
) -> None:
    source = tmp_path / "a.warc.gz"
    source.write_bytes(crawl.read_bytes())
    run(source, "-o", tmp_path / "out")
    segmenter.model.save(tmp_path / "same.npz")
    model = tmp_path / "model.npz"
    model.write_bytes((tmp_path / "same.npz").read_bytes() + b"\0")
    assert run(source, crawl, "-o", tmp_path / "out", code=1).stderr.count("there were 1 inputs")
    source.write_bytes(crawl.read_bytes()[:-1])
    told = run(source, "-o", tmp_path / "out", code=1).stderr
    assert f"the input {source} has changed" in told
    assert "--overwrite" in told
    assert "model was" in run(source, "-o", tmp_path / "out", "--model", model, code=1).stderr


def test_two_jobs_do_not_share_an_output(crawl: Path, done: Path) -> None:
    at_work = done / ".partial" / "pages" / "00000-00000.jsonl.gz"
    at_work.parent.mkdir(parents=True)
    at_work.write_bytes(b"half")
    before = digest(done)
    with sqlite3.connect(done / "manifest.sqlite") as other:
        other.execute("begin exclusive")
        assert "another job" in run(crawl, "-o", done, "--overwrite", code=1).stderr
        assert digest(done) == before
        assert at_work.read_bytes() == b"half"
    other.close()


def test_a_refused_job_leaves_a_folder_as_it_was(tmp_path: Path, crawl: Path) -> None:
    file = tmp_path / "mine" / ".partial" / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    (tmp_path / "mine" / "a.txt").write_bytes(b"mine")
    assert "is not empty" in run(crawl, "-o", tmp_path / "mine", code=1).stderr
    assert file.read_bytes() == b"mine"


def test_files_that_went_missing_are_made_again(tmp_path: Path, crawl: Path) -> None:
    out = tmp_path / "out"
    run(crawl, "-o", out, "--shard-mib", "0.01")
    before = digest(out)
    files = sorted((out / "pages").iterdir())
    files[1].unlink()
    files[2].write_bytes(b"cut")
    (out / "pages" / "00000-00099.jsonl.gz").write_bytes(b"left behind")
    run(crawl, "-o", out, "--shard-mib", "0.01")
    assert digest(out) == before


def interrupted(out: Path, crawl: Path, limit: int | None) -> subprocess.CompletedProcess[str]:
    def limits() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [
        sys.executable, "-m", "segmenter", "archive", str(crawl), "-o", str(out),
        "--to", "jsonl", "--shard-mib", "0.01",
    ]  # fmt: skip
    return subprocess.run(command, preexec_fn=limits, capture_output=True, text=True, check=False)


def test_a_disk_that_takes_no_more_stops_the_job_and_loses_nothing(tmp_path: Path) -> None:
    crawl = tmp_path / "a.jsonl"
    pages = [*(page_text(n) for n in range(60)), page_text(1) * 300]
    crawl.write_text("".join(json.dumps({"text": text}) + "\n" for text in pages), "utf-8")
    run(crawl, "-o", tmp_path / "whole", "--to", "jsonl", "--shard-mib", "0.01")
    failed = interrupted(tmp_path / "out", crawl, 80_000)
    assert failed.returncode == 1
    assert len(list((tmp_path / "out" / "pages").iterdir())) > 1
    assert "the same command goes on from here" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert interrupted(tmp_path / "out", crawl, None).returncode == 0
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")


@pytest.mark.parametrize("number", [2, 15])
def test_interruption_is_no_error_and_the_job_goes_on(tmp_path: Path, number: int) -> None:
    crawl = write(tmp_path / "crawl.jsonl", 700)
    command = faults.command(crawl, tmp_path / "out", "jsonl", 0.05)
    # A suite that runs in the background hands down that Ctrl-C is to be ignored.
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list((tmp_path / "out").glob("pages/*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate()
    assert process.returncode == 130
    assert told.splitlines() == ["segmenter: interrupted; the same command goes on from here"]
    subprocess.run(command, check=False)
    subprocess.run(faults.command(crawl, tmp_path / "whole", "jsonl", 0.05), check=False)
    assert digest(tmp_path / "out") == digest(tmp_path / "whole")


@pytest.mark.parametrize(("name", "to"), [faults.PAIRS[0], faults.PAIRS[6]])
def test_a_job_that_is_killed_at_any_moment_goes_on(tmp_path: Path, name: str, to: str) -> None:
    source = write(tmp_path / name, 200)
    found = faults.torture(tmp_path, source, to, 3, 0.01, 1.5, seed=3)
    assert found.kills == 3
