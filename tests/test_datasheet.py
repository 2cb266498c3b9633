from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from training.pages import DATASETS

README = (DATASETS / "README.md").read_text(encoding="utf-8")


def snippet() -> str:
    """The lines of standard-library Python that the datasheet shows."""
    match = re.search(r"(?m)^    import json, pathlib\n(?:^    .*\n)+", README)
    assert match
    return textwrap.dedent(match[0])


def test_the_three_lines_of_the_datasheet_load_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATASETS.parent)
    found: dict[str, list[dict[str, object]]] = {}
    exec(snippet(), found)  # the datasheet's own code
    lines = sum(len(path.read_text().splitlines()) for path in DATASETS.glob("*.jsonl"))
    assert len(found["pages"]) == lines > 0
    assert all(page["segments"] for page in found["pages"])


def test_the_pages_load_with_the_datasets_library(tmp_path: Path) -> None:
    call = re.search(r"`(load_dataset\(.*?\))`", README)
    assert call
    code = f"from datasets import load_dataset; d = {call[1]}; print(d.num_rows, d.column_names)"
    env = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=DATASETS.parent, env=env,
    )  # fmt: skip
    lines = sum(len(path.read_text().splitlines()) for path in DATASETS.glob("*.jsonl"))
    assert str(lines) in done.stdout
    assert "'segments'" in done.stdout


def test_the_numbers_of_the_datasheet_are_those_of_the_files() -> None:
    from training.datasheet import datasheet

    assert datasheet() == README


def test_the_second_reading_adds_up() -> None:
    reading = json.loads((DATASETS / "second_reading.json").read_text(encoding="utf-8"))
    assert sum(reading["changed_by_label"].values()) == reading["lines_changed"]
    assert len(reading["changed"]) == reading["lines_changed"]
    assert sum(reading["lines_by_label"].values()) == reading["lines_read"]
