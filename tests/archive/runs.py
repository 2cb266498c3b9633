"""Runs of `segmenter archive`, for its tests."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import zstandard
from click.testing import CliRunner, Result

from segmenter.cli import main
from tests import faults

COUNT = 40
EXAMPLE = Path(__file__).parents[2] / "examples" / "page.txt"


def run(*args: str | Path, stdin: bytes = b"", code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["archive", *map(str, args)], input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def report(*args: str | Path, stdin: bytes = b"", code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*args, "--report", "-", stdin=stdin, code=code).stdout)
    assert found["input"] == found["written"] + found["dropped"] + found["quarantined"]
    return found


def lines_of(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if path.suffix == ".zst":
            content = zstandard.ZstdDecompressor().stream_reader(content).read()
        found += [json.loads(line) for line in content.splitlines()]
    return found


def digest(folder: Path) -> str:
    return hashlib.sha256(json.dumps(faults.digests(folder)).encode()).hexdigest()
