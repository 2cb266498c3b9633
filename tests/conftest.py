"""What several tests need."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import settings

from segmenter import Segmenter

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    return Segmenter.load()


def shared_pages(name: str) -> list[dict[str, object]]:
    """The pages of a shared file; the test is skipped where there is none."""
    path = SHARED / "pages" / name
    if not path.exists():
        pytest.skip(f"needs {name} of the project's shared folder, which is not on this machine")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
