"""What a command says where an optional dependency is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("missing", "args", "told"),
    [
        ("starlette", ["review"], "review needs starlette: pip install 'segmenter[serve]'"),
        ("uvicorn", ["serve"], "serve needs uvicorn: pip install 'segmenter[serve]'"),
        ("prometheus_client", ["serve"], "pip install 'segmenter[serve]'"),
        ("spacy", ["export", "--to", "spacy", "p.txt"], "pip install 'segmenter[spacy]'"),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(
    tmp_path: Path, missing: str, args: list[str], told: str
) -> None:
    (tmp_path / "p.txt").write_text("Share")
    program = f"import sys; sys.modules[{missing!r}] = None; from segmenter.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert told in line


LATE = {
    f"segmenter.{name}"
    for name in (
        "archive",
        "serve",
        "exchange",
        "review",
        "cli_review",
        "cli_serve",
        "cli_exchange",
    )
}
"""What only the commands that need it import."""

HEAVY = {"starlette", "uvicorn", "spacy", "prometheus_client", "filelock", "selectolax", "sklearn"}


def test_the_command_line_loads_none_of_them() -> None:
    program = "import sys, segmenter.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not (HEAVY | LATE) & set(done.stdout.split())
