"""The model for markup: fitting, choosing, and that inference agrees with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmenter import ModelError
from segmenter.article import NUMBERS, around, choose
from segmenter.article_model import ArticleModel
from segmenter.html import read_html
from segmenter.structure import structure
from tests.test_html import PAGE
from tests.training_pages import pages
from training.article import Fitted, Settings, fit, our_rows, to_model
from training.markup import rows_of


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(our_rows(pages()), Settings())


@pytest.fixture(scope="module")
def model(fitted: Fitted) -> ArticleModel:
    return to_model(fitted, {"made": "for a test"})


def test_the_model_agrees_with_scikit_learn(fitted: Fitted, model: ArticleModel) -> None:
    sources = [PAGE, "<p>One.", "", "<ul><li><a href=/>A</a><li>B</ul><table><td>1<td>2</table>"]
    read = [read_html(source) for source in sources]
    found = structure(read)
    blocks = len(found.layout.words)
    rows = rows_of(found, [0.0] * blocks, [1.0] * blocks, ["x"] * len(read))
    for ours, theirs in zip(model.stages(found), fitted.probabilities(rows), strict=True):
        assert ours.shape == theirs.shape == (blocks,)
        assert np.abs(ours - theirs).max() < 1e-6
        assert theirs.std() > 0.01


def test_a_saved_model_is_the_same_and_a_changed_one_is_refused(
    model: ArticleModel, tmp_path: Path
) -> None:
    path = tmp_path / "html.npz"
    model.save(path)
    found = structure([read_html(PAGE)])
    assert (ArticleModel.load(path).score(found) == model.score(found)).all()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError):
        ArticleModel.load(path)


def test_around_has_a_row_a_block() -> None:
    found = structure([read_html(PAGE), read_html(""), read_html("<p>x")])
    numbers = around(np.full(13, 0.5), found.layout)
    assert numbers.shape == (13, NUMBERS)
    assert np.isfinite(numbers).all()
    nothing = structure([read_html("")]).layout
    assert around(np.zeros(0), nothing).shape == (0, NUMBERS)


PROSE = "<p>" + "word " * 40
LINK = "<p><a href=/>link</a>"


def chosen(source: str, probability: list[float]) -> list[int]:
    found = structure([read_html(source)])
    none = np.zeros(len(probability), bool)
    taken = choose(np.array(probability), found.layout, none, none)
    return np.flatnonzero(taken).tolist()


def test_a_lead_before_some_lines_that_are_none_is_kept() -> None:
    source = PROSE + LINK * 10 + PROSE * 3
    assert chosen(source, [0.95, *[0.02] * 10, 0.9, 0.9, 0.9]) == [0, 11, 12, 13]


def test_a_far_away_paragraph_is_left_out() -> None:
    source = PROSE * 3 + LINK * 200 + PROSE
    assert chosen(source, [0.95] * 3 + [0.02] * 200 + [0.9]) == [0, 1, 2]
