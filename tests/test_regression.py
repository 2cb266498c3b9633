from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from training.regression import PARTS, PooledRegression, _PartedRows


def draw(
    rows: int, columns: int, classes: int, density: float = 0.1
) -> tuple[sparse.csr_array, np.ndarray]:
    random = np.random.default_rng(7)
    counts = sparse.random_array((rows, columns), density=density, rng=random, format="csr")
    return counts, random.integers(classes, size=rows)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_fit_is_that_of_scikit_learn(classes: int) -> None:
    rows, target = draw(400, 60, classes)
    rows = sparse.hstack([rows, sparse.csr_array((400, 5))], format="csr")
    weight = np.linspace(0.5, 2, 400)
    ours = PooledRegression(C=1.0, tol=1e-6).fit(rows, target, weight)
    theirs = LogisticRegression(C=1.0, tol=1e-6).fit(rows, target, weight)
    assert ours.coef_.shape == theirs.coef_.shape
    assert not ours.coef_[:, 60:].any()
    assert np.abs(ours.coef_ - theirs.coef_).max() < 1e-3
    assert np.abs(ours.predict_proba(rows) - theirs.predict_proba(rows)).max() < 1e-3


def test_the_fit_does_not_depend_on_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    # Large enough that BLAS would share its sums out among threads.
    rows, target = draw(2_000, 40_000, 8, density=0.01)
    fits = []
    for processors in (1, 2):
        monkeypatch.setattr("os.cpu_count", lambda processors=processors: processors)
        with threadpool_limits(processors, user_api="blas"):
            fits.append(PooledRegression(C=10.0, tol=1e-6).fit(rows, target).coef_)
    assert np.array_equal(*fits)


def test_the_search_starts_from_a_sample_that_has_all_classes() -> None:
    rows, _ = draw(8_000, 300, 4)
    target = (rows @ np.random.default_rng(3).normal(size=(300, 4))).argmax(axis=1)
    began, plain = (kind(C=10.0, tol=1e-4) for kind in (PooledRegression, LogisticRegression))
    assert began.fit(rows, target).n_iter_[0] < plain.fit(rows, target).n_iter_[0]
    again = copy.copy(began).fit(rows, target)
    assert np.array_equal(again.coef_, began.coef_)  # it does not start from the last fit
    target[target == 3] = 0
    target[1] = 3  # not in the sample
    ours, theirs = (model.set_params(C=0.1, tol=1e-6).fit(rows, target) for model in (began, plain))
    assert ours.coef_.shape == theirs.coef_.shape
    assert np.abs(ours.predict_proba(rows) - theirs.predict_proba(rows)).max() < 1e-3


def test_rows_are_multiplied_in_parts() -> None:
    rows, _ = draw(50, 30, 2)
    with ThreadPoolExecutor(2) as threads:
        parted = _PartedRows.of(rows, threads)
        assert [part.shape[0] > 0 for part in parted.parts] == [True] * PARTS
        right, left = np.ones((30, 3)), np.ones((3, 50))
        assert np.allclose(parted @ right, rows @ right)
        assert np.allclose(left @ parted, left @ rows)
        parted.parts = parted.parts[:1]  # what is left out is not multiplied
        assert len(parted @ right) < 50


LACKING = [(0, 10), (20, 60)]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_pool_is_the_mean_of_regressions_that_lack_columns(classes: int) -> None:
    rows, target = draw(400, 60, classes)
    weight = np.linspace(0.2, 3, 400)
    ours = PooledRegression(LACKING, C=1.0, tol=1e-6).fit(rows, target, weight)
    coefficients, scores = [], []
    for first, last in LACKING:
        emptied = rows.toarray()
        emptied[:, first:last] = 0
        theirs = LogisticRegression(C=1.0, tol=1e-6).fit(emptied, target, weight)
        coefficients.append(theirs.coef_)
        scores.append(theirs.predict_log_proba(emptied))
    assert np.abs(ours.coef_ - np.mean(coefficients, axis=0)).max() < 1e-3
    mean = np.mean(scores, axis=0)
    mean -= np.logaddexp.reduce(mean, axis=1, keepdims=True)
    assert np.abs(ours.predict_log_proba(rows) - mean).max() < 1e-2
    whole = LogisticRegression(C=1.0, tol=1e-6).fit(rows, target, weight)
    assert np.abs(ours.predict_log_proba(rows) - whole.predict_log_proba(rows)).max() > 0.1


def test_each_fit_of_a_pool_starts_from_the_last() -> None:
    rows, target = draw(2_000, 300, 4)
    once, twice = (
        PooledRegression(LACKING[:1] * n, C=10.0, tol=1e-4).fit(rows, target) for n in (1, 2)
    )
    assert 0 < once.n_iter_[0] <= twice.n_iter_[0] < 1.2 * once.n_iter_[0]
    assert np.abs(once.coef_ - twice.coef_).max() < 0.05
