from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from segmenter import Segmenter, within
from segmenter.cli import main
from segmenter.errors import SegmenterError
from segmenter.explain_html import explain_html
from segmenter.features import Features
from segmenter.html import read_html
from segmenter.model import Model
from segmenter.structure import BINS, COLUMNS, structure
from segmenter.structure_names import bin_name, column_names
from tests.test_html import PAGE


def odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


@pytest.mark.parametrize("block", range(12))
def test_the_weights_add_up_to_the_odds_of_both_stages(segmenter: Segmenter, block: int) -> None:
    found = explain_html(segmenter, PAGE, block)
    first, second = segmenter.article_model.stages(structure([read_html(PAGE)]))
    for reasons, probability in ((found.alone, first), (found.around, second)):
        total = sum(reason.weights[0] for reason in reasons)
        assert total == pytest.approx(odds(float(probability[block])), abs=1e-5)
        sizes = [abs(reason.weights[0]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)


def test_names_are_those_of_the_page(segmenter: Segmenter) -> None:
    names = {reason.feature for reason in explain_html(segmenter, PAGE, 0).alone}
    assert {"in nav", "in .menu", "is li", "“home”"} <= names
    assert any(name.startswith("shape: 1 or 2 words, little but links") for name in names)
    names = {reason.feature for reason in explain_html(segmenter, PAGE, 4).alone}
    assert {"is p", "in .article-body", "“the harbour”", "“harbour”", "role by name: body"} <= names


def test_words_are_told_inside_the_article_alone(segmenter: Segmenter) -> None:
    inside, outside = (explain_html(segmenter, PAGE, block) for block in (4, 0))
    assert len(inside.words[0].weights) == len(segmenter.model.labels)
    assert outside.words == []


def test_words_of_a_long_article_are_told_as_they_were_labelled(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "said the mayor of the harbour on Monday, and the court fined the baker again."
    html = PAGE.replace(
        "</article>", "".join(f"<p>Paragraph {i}, {said}</p>" for i in range(40)) + "</article>"
    )
    monkeypatch.setattr(within, "PART", 1000)
    scored: list[within.Floats] = []
    score_of = Model.score

    def score(self: Model, features: Features) -> within.Floats:
        scored.append(score_of(self, features))
        return scored[-1].copy()  # what the markup holds against a block is added to it

    monkeypatch.setattr(Model, "score", score)
    segmenter.segment_html(html)
    scores = np.concatenate(scored)
    model = segmenter.model
    roles = [model.chain.roles_of(label) for label in range(len(model.labels))]
    found = [explain_html(segmenter, html, i).words for i in range(len(read_html(html).blocks))]
    inside = [reasons for reasons in found if reasons]
    assert len(inside) > 40
    for reasons, own in zip(inside, scores, strict=True):
        best = [int(role[own[role].argmax()]) for role in roles]
        total = np.sum([reason.weights for reason in reasons], axis=0)
        total = total + model.bias[best] - model.bias[best].mean()
        assert np.allclose(total, own[best] - own[best].mean(), atol=1e-5)


def test_every_bin_has_a_name() -> None:
    names = column_names()
    assert len(set(names)) == COLUMNS
    assert all(bin_name(column, level) for column in range(COLUMNS) for level in range(BINS))


def test_a_block_that_is_not_there_is_named(segmenter: Segmenter) -> None:
    with pytest.raises(SegmenterError, match="blocks 0 to 11"):
        explain_html(segmenter, PAGE, 12)
    with pytest.raises(SegmenterError, match="the page has none"):
        explain_html(segmenter, "", 0)


def test_the_command_line_explains_html(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    shown = CliRunner().invoke(main, ["explain", str(path), "--block", "4", "--top", "3"])
    assert shown.exit_code == 0
    assert "Police shut the port" in shown.stdout.splitlines()[1]
    assert "inside the article:" in shown.stdout
    missing = CliRunner().invoke(main, ["explain", str(path), "--block", "40"])
    assert missing.exit_code == 1
    assert "there is no block 40" in missing.stderr
