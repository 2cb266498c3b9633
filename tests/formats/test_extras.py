from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from segmenter.cli import main
from tests.made_archives import write


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("a.warc.gz", "fastwarc", "warc"),
        ("a.parquet", "pyarrow", "parquet"),
        ("a.jsonl.zst", "zstandard", "zstd"),
        ("memory://a.jsonl", "fsspec", "remote"),
    ],
)
@pytest.mark.parametrize("command", ["label", "archive"])
def test_a_library_that_is_not_there_is_one_line_that_names_the_extra(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    library: str,
    extra: str,
    command: str,
) -> None:
    path = name if "://" in name else str(write(tmp_path / name, 2))

    def refuse(module: str) -> Any:
        if module.partition(".")[0] == library:
            raise ImportError(module)
        return builtins.__import__(module, fromlist=["_"])

    monkeypatch.setattr("segmenter.formats.extras.import_module", refuse)
    more = ["-o", str(tmp_path / "out")] if command == "archive" else []
    result = CliRunner().invoke(main, [command, path, *more])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert f"pip install 'segmenter[{extra}]'" in line
