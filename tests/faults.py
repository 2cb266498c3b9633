"""Kills a job at random moments until it is through, and compares with an uninterrupted one.

``python -m tests.faults --kills 50 --pages 5000`` does so for each format; `make test-faults` runs
it. The suite runs the same with fewer.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import made_archives

PAIRS = (
    ("crawl.warc.gz", "parquet"),
    ("crawl.warc.zst", "jsonl.zst"),
    ("crawl.warc", "warc.gz"),
    ("crawl.jsonl", "jsonl.gz"),
    ("crawl.jsonl.gz", "jsonl"),
    ("crawl.parquet", "warc"),
    ("crawl", "text"),
)
"""Inputs and outputs; each format takes part on either side."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job fared: how often it was killed, and how often it came to its end all the same."""

    kills: int
    ends: int
    files: int
    seconds: float


def command(source: Path, output: Path, to: str, shard_mib: float) -> list[str]:
    return [
        sys.executable, "-m", "segmenter", "archive", str(source), "-o", str(output), "--to", to,
        "-j", "2", "--min-share", "original_report=0.5", "--max-page-bytes", "5000",
        "--shard-mib", str(shard_mib), "--quiet", "--report", str(output) + ".json",
    ]  # fmt: skip


def digests(output: Path) -> dict[str, str]:
    """The SHA-256 of each file of an output but the manifest."""
    return {
        str(path.relative_to(output)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(output.rglob("*"))
        if path.is_file() and not path.name.startswith("manifest.sqlite")
    }


def torture(
    folder: Path, source: Path, to: str, kills: int, shard_mib: float, longest: float, seed: int
) -> Outcome:
    """Kills the job ``kills`` times, each after up to ``longest`` seconds, then lets it end.

    Raises `AssertionError` when the output differs from that of an uninterrupted job.
    """
    whole, killed = folder / f"whole-{to}", folder / f"killed-{to}"
    done = subprocess.run(command(source, whole, to, shard_mib), check=False, stderr=2)
    assert done.returncode in (0, 1), f"the uninterrupted job ended with {done.returncode}"
    expected = digests(whole)
    report = summary(whole)
    assert report["input"] == report["written"] + report["dropped"] + report["quarantined"] > 0
    chosen = random.Random(seed)
    begun, deaths, ends = time.monotonic(), 0, 0
    while deaths < kills or not ends:
        process = subprocess.Popen(
            command(source, killed, to, shard_mib), stderr=subprocess.PIPE, start_new_session=True
        )
        if deaths < kills:
            try:
                process.wait(chosen.uniform(0.0, longest))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
        errors = process.communicate()[1].decode()
        if process.returncode == -signal.SIGKILL:
            deaths += 1
            continue
        assert process.returncode in (0, 1), errors
        assert "Traceback" not in errors, errors
        found = digests(killed)
        assert found == expected, sorted(set(found.items()) ^ set(expected.items()))[:5]
        assert summary(killed) == report
        shutil.rmtree(killed)
        ends += 1
    return Outcome(deaths, ends, len(expected), time.monotonic() - begun)


def summary(output: Path) -> dict[str, Any]:
    """The report of a job, without what differs from run to run."""
    report: dict[str, Any] = json.loads(Path(f"{output}.json").read_text(encoding="utf-8"))
    del report["this_run"], report["output"]
    return report


def main() -> None:
    """Tortures a job for each pair of formats, and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before a kill, at most")
    parser.add_argument("--shard-mib", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", help="name of the input")
    given = parser.parse_args()
    for name, to in PAIRS:
        if given.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            source = made_archives.write(Path(folder) / name, given.pages)
            found = torture(
                Path(folder), source, to, given.kills, given.shard_mib, given.longest, given.seed
            )
        print(
            f"{name} to {to}: {given.pages} pages, {found.kills} kills, {found.ends} times to the"
            f" end in {found.seconds:.0f} s; {found.files} files, each time as without a kill",
            flush=True,
        )


if __name__ == "__main__":
    main()
