from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from training.regression import PARTS, PooledRegression, _Loss


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
    ours = PooledRegression(C=1.0, tol=5e-5).fit(rows, target, weight)
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
            fits.append(PooledRegression(C=10.0, tol=5e-5).fit(rows, target).coef_)
    assert np.array_equal(*fits)


def test_columns_of_all_sizes_are_fitted_in_few_iterations() -> None:
    rows, _ = draw(4_000, 300, 4)
    target = (rows @ np.random.default_rng(3).normal(size=(300, 4))).argmax(axis=1)
    rows = (rows @ sparse.diags_array(np.geomspace(1e-3, 1, 300))).tocsr()
    losses = []
    for kind in (PooledRegression, LogisticRegression):
        with pytest.warns(ConvergenceWarning):
            fitted = kind(C=1e5, tol=1e-6, max_iter=20).fit(rows, target)
        losses.append(log_loss(target, fitted.predict_proba(rows)))
    assert losses[0] < losses[1] / 2


def test_the_tolerance_ends_the_search() -> None:
    rows, target = draw(4_000, 300, 4)
    fits = [PooledRegression(C=10.0, tol=tol).fit(rows, target) for tol in (1e-2, 1e-4, 1e-4)]
    assert fits[0].n_iter_[0] < fits[1].n_iter_[0]
    assert np.array_equal(fits[1].coef_, fits[2].coef_)
    again = fits[1].fit(rows, target)  # it does not start from the last fit
    assert np.array_equal(again.coef_, fits[2].coef_)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"y": np.zeros(40, int)}, "two classes"),
        ({"y": np.arange(41) % 2}, "inconsistent"),
        ({"y": np.linspace(0, 1, 40)}, "continuous"),
        ({"sample_weight": np.zeros(40)}, "not all zero"),
        ({"sample_weight": np.ones(41)}, "inconsistent"),
        ({"X": np.full((40, 3), np.nan)}, "NaN"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change: dict[str, np.ndarray], told: str) -> None:
    given = {"X": np.eye(40)[:, :3], "y": np.arange(40) % 2, **change}
    with pytest.raises(ValueError, match=told):
        PooledRegression().fit(**given)


def test_a_penalty_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="'C'"):
        PooledRegression(C=-1.0).fit(np.eye(40), np.arange(40) % 2)


def test_a_search_that_ends_early_is_told() -> None:
    rows, target = draw(400, 60, 4)
    with pytest.warns(ConvergenceWarning, match="after 3 iterations"):
        PooledRegression(C=10.0, tol=1e-6, max_iter=3).fit(rows, target)


def test_the_gradient_is_that_of_the_loss() -> None:
    rows, target = draw(50, 30, 3)
    weight = np.linspace(0.5, 2, 50)
    random = np.random.default_rng(5)
    point, step = (random.normal(size=(31, 3)).astype(np.float32) for _ in range(2))
    with ThreadPoolExecutor(2) as threads:
        loss = _Loss.of(rows.astype(np.float32), target, weight, threads)
        assert [part.shape[0] > 0 for part, _, _ in loss.parts] == [True] * PARTS
        value, gradient = loss.at(point)
        ahead, behind = (loss.at(point + sign * step / 100)[0] for sign in (1, -1))
    theirs = log_loss(target, softmax(rows @ point[:-1] + point[-1], axis=1), sample_weight=weight)
    assert value == pytest.approx(theirs * weight.sum(), rel=1e-5)
    assert 50 * (ahead - behind) == pytest.approx(float((gradient * step).sum()), rel=1e-2)


LACKING = [(0, 10), (20, 60)]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_pool_is_the_mean_of_regressions_that_lack_columns(classes: int) -> None:
    rows, target = draw(400, 60, classes)
    weight = np.linspace(0.2, 3, 400)
    ours = PooledRegression(LACKING, C=1.0, tol=5e-5).fit(rows, target, weight)
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
