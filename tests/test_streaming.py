from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from segmenter import Segmenter
from segmenter.streaming import AHEAD, at_hand, comes_slowly

TEXT = "Share\n\nThe river rose by two metres on Friday, the fire brigade said.\n"
PROGRAM = [sys.executable, "-m", "segmenter"]
WAIT = 60.0
"""Seconds after which an answer counts as missing; it comes in a fraction of one."""


def line(name: str) -> bytes:
    return json.dumps({"id": name, "text": TEXT}).encode() + b"\n"


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        # Whoever runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def answer(process: subprocess.Popen[bytes]) -> bytes:
    """A line of the program's output, for which nothing more is written to it."""
    out = process.stdout
    assert out is not None
    got = b""
    while not got.endswith(b"\n"):
        assert select.select([out], [], [], WAIT)[0], f"no answer, only {got!r}"
        piece = os.read(out.fileno(), 1 << 16)
        assert piece, "the program ended"
        got += piece
    return got


@pytest.mark.parametrize("command", ["label", "clean"])
def test_a_line_is_answered_before_the_next_is_written(command: str) -> None:
    with start(command, "-", "--format", "jsonl") as process:
        assert process.stdin is not None
        for name in ("a", "b", "c"):
            process.stdin.write(line(name))
            found = json.loads(answer(process))
            assert found["id"] == name
            assert ("blocks" in found) == (command == "label")
        process.stdin.close()
        assert process.wait(WAIT) == 0


def test_lines_that_come_together_are_all_answered_and_failures_named() -> None:
    with start("clean", "-", "--format", "jsonl", "--input-format", "jsonl") as process:
        assert process.stdin is not None
        process.stdin.write(line("a") + b"{\n" + line("b") + line("half")[:20])
        got = b""
        while got.count(b"\n") < 2:
            got += answer(process)
        assert [json.loads(found)["id"] for found in got.splitlines()] == ["a", "b"]
        process.stdin.write(line("half")[20:])
        assert json.loads(answer(process))["id"] == "half"
        process.stdin.close()
        assert process.stderr is not None
        assert b"line 2: is no JSON" in process.stderr.read()
        assert process.wait(WAIT) == 1


def test_a_text_is_cleaned_when_it_has_ended(segmenter: Segmenter) -> None:
    done = subprocess.run(
        [*PROGRAM, "clean", "-"], input=TEXT.encode(), capture_output=True, check=True
    )
    assert done.stdout.decode() == segmenter.clean(TEXT)


def test_a_reader_that_leaves_while_the_writer_is_silent_ends_the_program_quietly() -> None:
    with start("label", "-", "--format", "jsonl") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(line("a"))
        answer(process)
        process.stdout.close()
        process.stdin.write(line("b"))
        assert process.wait(WAIT) in (0, 1)
        assert process.stderr.read() == b""


def test_an_interrupt_ends_a_waiting_program_without_a_traceback() -> None:
    with start("label", "-", "--format", "jsonl") as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(line("a"))
        answer(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT) == 130
        told = process.stderr.read()
        assert b"Traceback" not in told
        assert b"Fatal" not in told


@pytest.mark.parametrize("tool", ["jq", "zstdcat", "parallel"])
def test_between_the_tools_of_a_shell(tool: str, tmp_path: Path, segmenter: Segmenter) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"needs {tool}, which is not on this machine")
    pages = tmp_path / "pages.jsonl"
    pages.write_bytes(b"".join(line(str(i)) for i in range(40)))
    clean = f"{' '.join(PROGRAM)} clean - --input-format jsonl --format jsonl"
    command = {
        "jq": f"jq -c '{{id, text}}' {pages} | {clean} | jq -r .id",
        "zstdcat": f'zstd -q {pages} && zstdcat {pages}.zst | {clean} | grep -o \'"id": "[0-9]*\''
        " | grep -o '[0-9]*'",
        "parallel": f"parallel --pipe --keep-order -N 10 -j 2 '{clean}' < {pages}"
        " | grep -o '\"id\": \"[0-9]*' | grep -o '[0-9]*'",
    }[tool]
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(i) for i in range(40)]


def test_files_do_not_keep_a_reader_waiting_and_pipes_may(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert not comes_slowly(str(path))
    assert not comes_slowly(str(tmp_path))
    assert not comes_slowly(str(tmp_path / "missing"))
    assert comes_slowly(str(pipe))


def test_all_that_was_read_meanwhile_is_one_batch() -> None:
    second = threading.Event()

    def items() -> Iterator[int]:
        yield 0
        second.wait(WAIT)
        yield from range(1, 500)

    batches = at_hand(items(), lambda item: 1)
    assert next(batches) == [0]
    second.set()
    rest: list[list[int]] = []
    for batch in batches:
        rest.append(batch)
        time.sleep(0.05)
    assert [item for batch in rest for item in batch] == list(range(1, 500))
    assert len(rest) < 50


def test_reading_ahead_is_bounded_and_ends_with_the_one_who_asks() -> None:
    read: list[int] = []
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            for i in range(1000):
                read.append(i)
                yield i
        finally:
            closed.set()

    batches = at_hand(items(), lambda item: AHEAD // 4)
    first = next(batches)
    time.sleep(0.2)
    assert len(read) <= len(first) + 6
    batches.close()
    assert closed.wait(WAIT)


def test_what_reading_raises_is_raised_behind_what_was_read() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("lost")

    got: list[int] = []

    def use() -> None:
        for batch in at_hand(items(), lambda item: 1):
            got.extend(batch)

    with pytest.raises(KeyError, match="lost"):
        use()
    assert got == [1]
