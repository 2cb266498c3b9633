from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import faults
from tests.made_archives import write

pytestmark = pytest.mark.integrations


def command(source: Path, output: Path, *more: str) -> list[str]:
    return [*faults.command(source, output, "jsonl", 0.1), *more]


def workers() -> list[int]:
    """The processes of Ray that do shards."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if line.startswith(b"ray::") and b"_Doer" in line:
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes as Linux shows them")
def test_a_lost_worker_costs_a_retry_and_nothing_else(tmp_path: Path) -> None:
    source = write(tmp_path / "crawl.warc.gz", 2000)
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert subprocess.run(command(source, whole), check=False).returncode == 0
    job = subprocess.Popen(command(source, out, "--engine", "ray"), stderr=subprocess.PIPE)
    while len(list(out.glob("pages/*"))) < 2:
        assert job.poll() is None, "the job ended before a worker could be killed"
        time.sleep(0.02)
    before = workers()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    _, told = job.communicate()
    assert job.returncode == 0, told.decode()
    assert faults.digests(out) == faults.digests(whole)
    assert faults.summary(out) == faults.summary(whole)


def test_either_engine_goes_on_where_the_other_stopped(tmp_path: Path) -> None:
    source = write(tmp_path / "crawl.jsonl.gz", 1500)
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert subprocess.run(command(source, whole), check=False).returncode == 0
    job = subprocess.Popen(command(source, out, "--engine", "ray"), start_new_session=True)
    while len(list(out.glob("pages/*"))) < 2:
        assert job.poll() is None, "the job ended before it could be killed"
        time.sleep(0.02)
    job.kill()
    job.wait()
    assert subprocess.run(command(source, out), check=False).returncode == 0
    assert faults.digests(out) == faults.digests(whole)


def test_standard_input_is_refused(tmp_path: Path) -> None:
    args = [sys.executable, "-m", "segmenter", "archive", "-", "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [*args, "--engine", "ray"], input='{"text": "a"}\n', capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no other process can read it" in done.stderr


def refused(tmp_path: Path, address: str) -> str:
    """What is told of a cluster that is not to be reached."""
    source = write(tmp_path / "crawl.jsonl", 2)
    done = subprocess.run(
        command(source, tmp_path / "out", "--engine", "ray", "--ray-address", address),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"{address}: no Ray cluster is to be reached" in done.stderr
    return done.stderr


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{scheme}127.0.0.1:{server.getsockname()[1]}"
    # By the system, for which Ray waits minutes.
    assert "Connection refused" in refused(tmp_path, address)


@pytest.mark.parametrize("address", ["127.0.0.1:99999", f"{'a' * 70}.example:6379"])
def test_an_address_that_cannot_be_is_told(tmp_path: Path, address: str) -> None:
    assert "Traceback" not in refused(tmp_path, address)
