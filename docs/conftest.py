"""Runs the examples of the documentation: Python blocks, and shell blocks in an empty folder."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).resolve().parents[1]
HTML = """<!doctype html><html><head><title>Storm shuts port</title></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Storm shuts port</h1>
<p>A storm shut the port of Larne on Monday, police said. No one was hurt, and ferries are expected
to sail again on Tuesday, a spokesman for the harbour told reporters.</p><p>The wind tore the roof
from a warehouse on the quay, according to the fire service, which sent twelve engines.</p>
</article><footer>Copyright 2025</footer></body></html>"""


def run_shell(example: Example) -> str | None:
    """What the block wrote, as a failure, if one of its commands failed."""
    programs = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", str(example.parsed)],
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"exit code {done.returncode}\n{done.stderr}" if done.returncode else None


def setup(namespace: dict[str, Any]) -> None:
    """A folder with an example of each format, and what the examples may not find installed."""
    folder = Path(tempfile.mkdtemp())
    namespace["_folder"], namespace["_before"] = folder, Path.cwd()
    text = (ROOT / "examples" / "page.txt").read_text(encoding="utf-8")
    (folder / "page.txt").write_text(text, encoding="utf-8")
    (folder / "page.html").write_text(HTML, encoding="utf-8")
    rows = ({"id": f"page-{i}", "text": text} for i in range(3))
    (folder / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    namespace["which"] = shutil.which
    namespace["missing"] = lambda name: importlib.util.find_spec(name) is None
    os.chdir(folder)


def teardown(namespace: dict[str, Any]) -> None:
    os.chdir(namespace["_before"])
    shutil.rmtree(namespace["_folder"])


pytest_collect_file = Sybil(
    parsers=[
        SkipParser(),
        PythonCodeBlockParser(),
        CodeBlockParser("sh", run_shell),
    ],
    patterns=["*.md"],
    excludes=["integrations/*.md"],
    setup=setup,
    teardown=teardown,
).pytest()
