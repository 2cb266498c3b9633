from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from segmenter import Segmenter, cli
from tests.test_cli import TEXT, errors, run


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07\x1b[2Jb.txt"
    (tmp_path / name).write_text(TEXT)
    record = json.dumps({"id": name, "text": TEXT})
    bad = json.dumps({"id": name})
    for result in (
        CliRunner().invoke(cli.main, ["label", str(tmp_path / name)], color=True),
        CliRunner().invoke(cli.main, ["label", str(tmp_path / name / "none")], color=True),
        CliRunner().invoke(
            cli.main, ["label", "--input-format", "jsonl"], f"{record}\n{bad}\n", color=True
        ),
    ):
        assert "owned" in result.output
        assert all(map(str.isprintable, click.unstyle(result.output).splitlines()))
        assert "\x1b[2J" not in result.output  # which is taken off with the colours


def test_a_closed_standard_output_is_told() -> None:
    command = f"exec {sys.executable} -m segmenter info >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "Error: standard output: is closed\n")


def test_a_terminal_of_few_characters(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text("“Žižek” said the river rose. " * 20)
    done = subprocess.run(
        [sys.executable, "-m", "segmenter", "label", str(path)],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    assert "?i?ek? said" in done.stdout.decode("latin-1")


def test_a_pipe_by_its_name_wants_a_format(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "tell its format" in errors(run("clean", str(path), code=1))[0]
    writer = threading.Thread(target=path.write_text, args=(TEXT,))
    writer.start()
    result = run("clean", "--input-format", "text", str(path))
    writer.join()
    assert result.stdout.strip() == Segmenter.load().clean(TEXT).strip()


def test_a_folder_in_a_folder_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.txt").write_text(TEXT)
    locked = tmp_path / "locked"
    locked.mkdir()
    listed = os.scandir

    def scandir(path: str) -> Any:  # root may read any folder
        if Path(path) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert errors(run("clean", str(tmp_path), code=1)) == [
        f"segmenter: {locked}: cannot be read: Permission denied"
    ]


@pytest.mark.parametrize(
    "begin",
    [b"\xef\xbb\xbf", b"<?xml version='1.0'?>\n", b" <!-- a -->", b"<!-- a -->" * 300],
    ids=["mark", "xml", "note", "notes"],
)
def test_html_is_told_by_what_is_in_it(begin: bytes) -> None:
    page = f"<html><body><article><p>{TEXT * 3}</p></article></body></html>".encode()
    result = run("label", "--format", "json", stdin=begin + page)
    assert "<" not in "".join(block["text"] for block in json.loads(result.stdout)["blocks"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_html_is_told_in_utf_16_too(encoding: str) -> None:
    page = f"<html><body><article><p>{TEXT * 3}</p></article></body></html>".encode(encoding)
    result = run("label", "--format", "json", stdin=page)
    assert "<" not in "".join(block["text"] for block in json.loads(result.stdout)["blocks"])


def test_a_text_of_many_comments_takes_no_time() -> None:
    assert run("clean", stdin=b"<!-- a -->" * 400 + b"<p>hi").exit_code == 0
