import re
from pathlib import Path

import numpy as np
import pytest

from segmenter import Segmenter
from segmenter import features as ft
from segmenter.columns import bin_name, column_names
from segmenter.errors import SegmenterError
from segmenter.explain import Reason, explain
from segmenter.features import Features
from segmenter.model import Model

PAGE = (Path(__file__).parents[1] / "examples" / "page.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [PAGE, "One line.", "A line.\n\n\u200b\n\nAnother line?"])
def test_the_reasons_add_up_to_the_scores(segmenter: Segmenter, text: str) -> None:
    model = segmenter.model
    scores = model.score(ft.extract([text]).features)
    roles = [model.chain.roles_of(label) for label in range(len(model.labels))]
    for block, score in enumerate(scores):
        best = [int(own[score[own].argmax()]) for own in roles]
        total = np.sum([reason.weights for reason in explain(model, text, block)], axis=0)
        total = total + model.bias[best] - model.bias[best].mean()
        assert np.allclose(total, score[best] - score[best].mean(), atol=1e-5)


def _hard_wrapped() -> str:
    """A text of several parts: the first is wrapped at a fixed column, the others have long lines.

    Looked at as a whole, it would not be wrapped.
    """
    words = [f"word{i:06}" for i in range(23_400)]
    lines = [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]
    items = [f"Item {i}, one of " + "very " * 40 + "many." for i in range(2_000)]
    return "\n".join(lines) + "\n\n" + "\n".join(items)


def _words(reasons: list[Reason]) -> set[str]:
    return {r.feature[6:-1] for r in reasons if r.feature.startswith("word “")}


@pytest.mark.parametrize("text", ["a" * 400_000, _hard_wrapped()], ids=["wall", "wrapped"])
def test_blocks_of_a_long_page_are_those_that_were_labelled(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    scored = []
    score_of = Model.score

    def score(self: Model, features: Features) -> np.ndarray:
        scored.append(score_of(self, features))
        return scored[-1]

    monkeypatch.setattr(Model, "score", score)
    blocks = segmenter.segment(text).blocks
    scores = np.concatenate(scored)
    model = segmenter.model
    roles = [model.chain.roles_of(label) for label in range(len(model.labels))]
    assert len(ft.extract([text]).spans.starts) != len(blocks)
    for block in (0, len(blocks) // 2, len(blocks) - 2, len(blocks) - 1):
        reasons = explain(model, text, block)
        assert _words(reasons) == set(re.findall(r"[a-z]+|[0-9]+", blocks[block].text.lower()))
        best = [int(own[scores[block][own].argmax()]) for own in roles]
        total = np.sum([reason.weights for reason in reasons], axis=0)
        total = total + model.bias[best] - model.bias[best].mean()
        expected = scores[block][best] - scores[block][best].mean()
        assert np.allclose(total, expected, atol=1e-5)
    for block in (-1, len(blocks)):
        with pytest.raises(SegmenterError, match=f"blocks 0 to {len(blocks) - 1}$"):
            explain(model, text, block)


def test_every_bin_of_every_column_has_a_name() -> None:
    columns = ft.extract([PAGE, "word " * 300, "Short.\n\nPage?"]).features.columns
    for name, levels in zip(column_names(), columns.T, strict=True):
        assert all(bin_name(name, level) for level in set(levels.tolist()))


@pytest.mark.parametrize(
    ("column", "level", "told"),
    [
        ("page", 0, "none of 256 tokens or more"),
        ("page", 1, "under 1 of 64"),
        ("page", 7, "1 of 2 or more"),
        ("page", 8, "all"),
        ("page", 11, "none of under 16 tokens"),
        ("words seen often", 24 + 3, "20% or more (long block)"),
        ("words seen often", 0, "nothing to tell (short block)"),
        ("content words", 5, "5 (short block)"),
        ("sentences", 2, "2"),
        ("last token", 1, "Word"),
        ("last token", 34, "? of a link"),
        ("fused word first", 2, "yes, a name before a colon"),
    ],
)
def test_bins_are_told_in_words(column: str, level: int, told: str) -> None:
    assert bin_name(column, level) == told
