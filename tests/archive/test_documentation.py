"""What the pages on archives say, held against what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from segmenter import Segmenter
from segmenter.cli import main
from segmenter.formats.sources import SUFFIXES
from tests.made_archives import page_html, page_text

DOCS = Path(__file__).parents[2] / "docs"


def test_every_suffix_that_is_read_is_named() -> None:
    text = (DOCS / "archive.md").read_text(encoding="utf-8")
    assert [suffix for suffix in SUFFIXES if f"`{suffix}`" not in text] == []


def test_the_example_of_the_cookbook_takes_any_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segmenter: Segmenter
) -> None:
    text = (DOCS / "cookbook" / "archive-a-crawl.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.S)
    rows = [{"text": page_text(0)}, {"html": page_html(7)}, {"id": "empty", "text": ""}]
    pages = [segmenter.segment(page_text(0)), segmenter.segment_html(page_html(7))]
    shares = [page.shares().get("original_report", 0.0) for page in pages]
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    Path("pages.jsonl").write_text(lines, encoding="utf-8")
    labelled = CliRunner().invoke(main, ["label", "pages.jsonl", "--format", "jsonl"])
    Path("labelled.jsonl").write_text(labelled.stdout, encoding="utf-8")
    exec(example, {})
    kept = [json.loads(line) for line in Path("kept.jsonl").read_text("utf-8").splitlines()]
    assert [page["id"] for page in kept] == [str(i) for i in (1, 2) if shares[i - 1] >= 0.2]
