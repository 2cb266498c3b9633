from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training.regression import RAREST, UsedColumnsRegression


def draw(rows: int, columns: int, classes: int) -> tuple[sparse.csr_array, np.ndarray]:
    random = np.random.default_rng(7)
    counts = sparse.random_array((rows, columns), density=0.1, rng=random, format="csr")
    return counts, random.integers(classes, size=rows)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_fit_is_that_of_scikit_learn(classes: int) -> None:
    rows, target = draw(400, 60, classes)
    rows = sparse.hstack([rows, sparse.csr_array((400, 5))], format="csr")
    weight = np.linspace(0.5, 2, 400)
    ours = UsedColumnsRegression(C=1.0, tol=1e-6).fit(rows, target, weight)
    theirs = LogisticRegression(C=1.0, tol=1e-6).fit(rows, target, weight)
    assert ours.coef_.shape == theirs.coef_.shape
    assert not ours.coef_[:, 60:].any()
    assert np.abs(ours.coef_ - theirs.coef_).max() < 1e-3
    assert np.abs(ours.predict_proba(rows) - theirs.predict_proba(rows)).max() < 1e-3


def test_columns_of_few_rows_among_many_are_left_out() -> None:
    size = round(3 / RAREST)
    rows, target = draw(size, 2, 2)
    few = np.zeros((size, 2))
    few[:3, 0] = few[:4, 1] = 1
    rows = sparse.hstack([rows, sparse.csr_array(few)], format="csr")
    fitted = UsedColumnsRegression().fit(rows, target)
    assert (fitted.coef_[0] != 0).tolist() == [True, True, False, True]
