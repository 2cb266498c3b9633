"""Runs the Python of the documentation, a page at a time, in a folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

HERE = Path(__file__).parent

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], fixtures=["own_folder"]
).pytest()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integrations)
            # Of the libraries; what segmenter itself warns of, its own tests see.
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    # Spark starts the Python that it finds on the path, which may be another.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    before = Path.cwd()
    folder = tmp_path_factory.mktemp("docs")
    os.chdir(folder)
    yield folder
    os.chdir(before)
