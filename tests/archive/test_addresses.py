"""File systems whose libraries fail in their own ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from segmenter.cli import main
from segmenter.formats import addresses
from tests.archive.runs import lines_of, report, run
from tests.made_archives import page_text, write

fsspec = pytest.importorskip("fsspec")


class NoCredentialsError(Exception):
    """As botocore's: no `OSError`."""


class Refusing(fsspec.AbstractFileSystem):  # type: ignore[misc,name-defined]
    """A file system that lets nobody in."""

    protocol = "refusing"
    cachable = False
    error: Exception = NoCredentialsError("Unable to\nlocate credentials")

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise self.error

    info = ls = _open = put_file = _refuse


class Cut:
    """A file of which nothing comes after some reads, while the line is cut."""

    cut = True
    reads = 0

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def __enter__(self) -> Cut:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def read(self, count: int = -1) -> bytes:
        Cut.reads -= 1
        if Cut.cut and Cut.reads < 0:
            raise NoCredentialsError("The token has expired")
        return bytes(self._handle.read(count))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of memory, of which reading fails."""
    memory = fsspec.filesystem("memory")
    opened: Callable[..., Any] = type(memory).open
    monkeypatch.setattr(type(memory), "open", lambda *a, **k: Cut(opened(*a, **k)))
    monkeypatch.setattr(Cut, "cut", True)
    monkeypatch.setattr(Cut, "reads", 0)
    yield memory
    memory.rm("/cut", recursive=True)


@pytest.fixture(autouse=True)
def refusing() -> type[Refusing]:
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    return Refusing


@pytest.mark.parametrize("name", ["refusing://b/a.jsonl", "refusing://b/*.gz"])
def test_who_is_not_let_in_is_told_so_in_one_line(tmp_path: Path, name: str) -> None:
    told = run(name, "-o", tmp_path / "out", code=1).stderr
    assert told == f"Error: {name}: Unable to locate credentials\n"
    result = CliRunner().invoke(main, ["label", name])
    assert result.exit_code == 1
    assert result.stderr == f"segmenter: {name}: cannot be read: Unable to locate credentials\n"
    source = write(tmp_path / "a.jsonl", 2)
    told = run(source, "-o", "refusing://out", code=1).stderr
    assert told == "Error: refusing://out: Unable to locate credentials\n"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
        (PermissionError("Access Denied"), "Access Denied"),
        (FileNotFoundError("b/a"), "cannot be read: No such file or directory"),
        (ValueError("is no address"), "is no address"),
    ],
)
def test_the_input_is_named_and_nothing_that_has_not_begun_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    monkeypatch.setattr(Refusing, "error", error)
    told = run("refusing://b/a.warc.gz", "-o", tmp_path / "out", code=1).stderr
    assert told == f"Error: refusing://b/a.warc.gz: {reason}\n"
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_made_has_not_begun(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", 2)
    told = run(source, "-o", source / "out", code=1).stderr
    assert told == f"Error: {source / 'out'}: Not a directory\n"


def test_what_is_lost_while_reading_stops_the_job_which_goes_on(tmp_path: Path, cut: Any) -> None:
    row = json.dumps({"id": "a", "text": page_text(1)}) + "\n"
    cut.pipe_file("/cut/a.jsonl", row.encode())
    args = ("memory://cut/a.jsonl", "-o", tmp_path / "out")
    told = run(*args, code=1).stderr
    assert told == (
        "Error: memory://cut/a.jsonl: The token has expired; the job stopped, and the same command"
        " goes on from here\n"
    )
    Cut.cut = False
    assert report(*args)["written"] == 1
    assert [page["id"] for page in lines_of(tmp_path / "out" / "pages")] == ["a"]


@pytest.mark.parametrize("reads", [0, 2, 4, 9])
def test_rows_behind_a_cut_line_are_not_taken_for_damaged(
    tmp_path: Path, cut: Any, reads: int
) -> None:
    cut.pipe_file("/cut/a.parquet", write(tmp_path / "a.parquet", 90).read_bytes())
    args = ("memory://cut/a.parquet", "-o", tmp_path / "out", "--jobs", "1")
    Cut.reads = reads
    assert "The token has expired; the job stopped" in run(*args, code=1).stderr
    Cut.cut = False
    done = report(*args)
    assert (done["written"], done["quarantined"]) == (90, 0)


@pytest.mark.parametrize("error", [TypeError("open() got an argument"), KeyError("size")])
def test_mistakes_of_the_program_are_not_hidden(error: Exception) -> None:
    with pytest.raises(type(error)), addresses.reaching("refusing://b"):
        raise error
