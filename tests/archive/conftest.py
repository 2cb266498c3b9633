from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.runs import COUNT, run
from tests.made_archives import write


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("crawl") / "crawl.warc.gz", COUNT)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, crawl: Path) -> Path:
    """The output of a job that is done, to look at."""
    out = tmp_path_factory.mktemp("done") / "out"
    run(crawl, "-o", out)
    return out
