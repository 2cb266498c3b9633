"""Tests against the real libraries: only those of ``make test-integrations``."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmenter import Page, Segmenter
from tests import own_pages
from training import own_labels
from training.label_set import parse

HERE = Path(__file__).parent
BRIDGE = (
    "The council of Marwell voted on Monday to close the bridge for 12 days, officials said.\n\n"
    "“We have no choice,” mayor Ida Brand told reporters. The engineers say that 40 bolts are "
    "missing, and that repairs will cost 12,000 euros and last until May.\n\n"
    "Subscribe to our newsletter\n\nLeave a comment\n"
)
FIRE = (
    "Police in Ostby arrested two men on Friday after a fire in a school, a spokesman said.\n\n"
    "“Nobody was hurt,” he told reporters. The school, which has 300 pupils, will stay closed "
    "until Wednesday, according to the ministry of education.\n\nLeave a comment\n"
)
FRAME = "Log in\n\nSubscribe to our newsletter\n\nShare  Tweet  Print\n"
TEXTS = [BRIDGE, None, "", FRAME, FIRE]
"""Two reports, a frame alone, nothing, and no text at all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integrations)


@pytest.fixture(scope="session")
def texts() -> list[str | None]:
    return list(TEXTS)


@pytest.fixture(scope="session")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with three labels of its own."""
    path = tmp_path_factory.mktemp("model") / "own.npz"
    own_labels.train(parse(", ".join(own_pages.LABELS), "here"), own_pages.pages()).save(path)
    return path


def rows(texts: list[str | None], segmenter: Segmenter) -> list[dict[str, object]]:
    """What the three columns must hold, by the library itself."""
    found: list[dict[str, object]] = []
    for text in texts:
        if text is None:
            found.append({"clean_text": None, "shares": None, "blocks": None})
            continue
        page: Page = segmenter.segment(text)
        shares = page.shares()
        found.append(
            {
                "clean_text": page.clean(),
                "shares": {label: shares.get(label, 0.0) for label in segmenter.model.labels},
                "blocks": [
                    {
                        "start": b.start,
                        "end": b.end,
                        "label": str(b.label),
                        "confidence": b.confidence,
                    }
                    for b in page.blocks
                ],
            }
        )
    return found


@pytest.fixture(scope="session")
def wanted(texts: list[str | None]) -> list[dict[str, object]]:
    found = rows(texts, Segmenter.load())
    assert "council of Marwell" in str(found[0]["clean_text"])
    assert "newsletter" not in str(found[0]["clean_text"])
    return found
