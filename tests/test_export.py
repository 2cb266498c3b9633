from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from segmenter.errors import SegmenterError
from tests.training_pages import pages
from training.export import exporter, load
from training.fit import SETTINGS, fit, main
from training.folds import Pages
from training.score import Tally


@pytest.fixture(scope="module")
def data() -> Pages:
    return Pages.of(pages())


@pytest.fixture(scope="module")
def fitted(data: Pages) -> object:
    return fit(data.rows, data.others, [], SETTINGS)


def test_a_pipeline_comes_back_from_skops_the_same(
    data: Pages, fitted: object, tmp_path: Path
) -> None:
    pytest.importorskip("skops", reason="needs the extra sklearn")
    exporter(tmp_path / "pipeline.skops")(fitted)
    again = load(tmp_path / "pipeline.skops")
    assert np.array_equal(again.predict_proba(data.rows), fitted.predict_proba(data.rows))
    assert again.named_steps["weights"].scales == SETTINGS.scales


def test_a_file_with_foreign_types_is_not_loaded(tmp_path: Path) -> None:
    skops = pytest.importorskip("skops.io", reason="needs the extra sklearn")
    skops.dump({"figures": Tally()}, tmp_path / "foreign.skops")
    with pytest.raises(SegmenterError, match="no part of a pipeline"):
        load(tmp_path / "foreign.skops")


def test_joblib_on_request(data: Pages, fitted: object, tmp_path: Path) -> None:
    import joblib

    exporter(tmp_path / "pipeline.joblib")(fitted)
    again = joblib.load(tmp_path / "pipeline.joblib")
    assert np.array_equal(again.predict_proba(data.rows), fitted.predict_proba(data.rows))


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SegmenterError, match=r"written as \.skops"):
        exporter(tmp_path / "pipeline.pkl")
    output = tmp_path / "model.npz"
    args = ["--output", str(output), "--export", str(tmp_path / "pipeline.pkl")]
    result = CliRunner().invoke(main, args)
    assert (result.exit_code, output.exists()) == (1, False)
    assert "written as .skops" in result.stderr
