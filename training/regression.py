"""Logistic regression over hashed features, most of whose columns are empty."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

SMALLEST = 1e-8
"""What a step has to gain, as a share of the loss (of 1 at least): what single precision tells."""

PARTS = 4
"""The parts that rows are worked through in: always as many, so that sums are the same."""

Span = tuple[int, int]
"""A run of columns, from its first to behind its last."""

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class PooledRegression(LogisticRegression):  # type: ignore[misc]
    """The mean of regressions that each lack some columns: a logarithmic opinion pool.

    One regression over all columns leans on the strongest and leaves the weaker undertrained; where
    some are lacking, others have to carry the page. The mean of log probabilities of linear models
    is, but for a constant a row, that of the mean coefficients: the pool is a regression itself.
    Smith, Cohn and Osborne (2005); Sutton, Sindelar and McCallum (2006).

    ``n_iter_`` counts the iterations of all of them.
    """

    coef_: Floats
    intercept_: Floats

    def __init__(
        self,
        lacking: Sequence[Span] = (),
        *,
        C: float = 1.0,  # noqa: N803 the name is scikit-learn's
        tol: float = 1e-4,
        max_iter: int = 100,
    ) -> None:
        """``lacking``: for each regression of the pool the columns that it does not see.

        With none, the pool is one regression that sees all. ``C``: as for `LogisticRegression`.
        ``tol``: a search ends when the largest slope of the mean loss, by coefficients in units of
        their own scale, is under it, or after ``max_iter`` iterations.
        """
        super().__init__(C=C, tol=tol, max_iter=max_iter)
        self.lacking = lacking

    def fit(
        self,
        X: sparse.csr_array,  # noqa: N803 the name is scikit-learn's
        y: NDArray[np.integer[Any]],
        sample_weight: Floats | None = None,
    ) -> Self:
        """Fitted on ``X`` of shape (rows, columns); ``coef_`` has all columns.

        What is minimised is what `LogisticRegression` minimises. Its search takes four times as
        many iterations, since columns that occur often are a thousand times steeper than others;
        here each is scaled by its slope. Columns that are empty keep a coefficient of zero. Scores
        are worked out in single precision, with the columns that occur most beside each other,
        which shortens the way to memory, in parts, on up to as many processors. Each search but
        the first begins where the last ended. They end within the tolerance: in the same place
        whatever the number of processors, elsewhere on another kind of machine. Warns, as
        `LogisticRegression` does, of a search that ends before.
        """
        self.classes_, target = np.unique(y, return_inverse=True)
        weight = np.ones(len(target)) if sample_weight is None else sample_weight
        classes, columns, singles = len(self.classes_), X.shape[1], X.astype(np.float32)
        # Two classes have one row of coefficients, the difference of two that are penalised half.
        penalty = (2 if classes == 2 else 1) / (self.C * float(weight.sum()))
        occurs = np.bincount(X.indices, minlength=columns)
        last, mean = np.zeros((2, columns + 1, classes))
        iterations = 0
        # Several threads of BLAS would add up in another order, and wait for each other.
        with ThreadPoolExecutor(os.cpu_count()) as threads, threadpool_limits(1, user_api="blas"):
            for first, end in self.lacking or [(0, 0)]:
                seen = occurs.copy()
                seen[first:end] = 0
                used = np.argsort(-seen, kind="stable")[: np.count_nonzero(seen)]
                loss = _Loss.of(singles[:, used], target, weight / weight.sum(), threads)
                place = np.append(used, columns)
                found, taken = _search(loss, last[place], penalty, self.tol, self.max_iter)
                last[:] = 0
                last[place] = found
                mean += last / max(len(self.lacking), 1)
                iterations += taken
        rows = mean.T
        if classes == 2:
            rows = rows[1:] - rows[:1]
        self.coef_, self.intercept_ = rows[:, :-1].copy(), rows[:, -1].copy()
        self.n_iter_, self.n_features_in_ = np.array([iterations]), columns
        return self


@dataclass(frozen=True)
class _Loss:
    """The weighted log loss of rows, worked out in parts, all at once."""

    parts: list[tuple[sparse.csr_array, NDArray[np.intp], Singles]]
    threads: ThreadPoolExecutor

    @classmethod
    def of(
        cls,
        rows: sparse.csr_array,
        target: NDArray[np.intp],
        weight: Floats,
        threads: ThreadPoolExecutor,
    ) -> Self:
        """``threads`` have to live as long as the loss is used."""
        rows.sort_indices()
        shares = np.linspace(0, rows.nnz, PARTS + 1)[1:-1]
        edges = [0, *np.searchsorted(rows.indptr, shares).tolist(), rows.shape[0]]
        parts = [
            (rows[a:b], target[a:b], weight[a:b].astype(np.float32))
            for a, b in itertools.pairwise(edges)
        ]
        return cls(parts, threads)

    def squares(self) -> Floats:
        """The weighted mean square of each column, (columns,)."""
        sums = self.threads.map(lambda part: part[0].power(2).T @ part[2], self.parts)
        return np.asarray(sum(sums), np.float64)

    def at(self, coefficients: Singles) -> tuple[float, Singles]:
        """The loss and its gradient, (columns + 1, classes), the intercepts last."""

        def one(part: tuple[sparse.csr_array, NDArray[np.intp], Singles]) -> tuple[float, Singles]:
            rows, target, weight = part
            scores = log_softmax(rows @ coefficients[:-1] + coefficients[-1], axis=1)
            own = np.arange(len(target)), target
            loss = -float(scores[own].astype(np.float64) @ weight)
            excess = np.exp(scores)
            excess[own] -= 1
            excess *= weight[:, None]
            return loss, np.vstack([rows.T @ excess, excess.sum(axis=0)])

        losses, gradients = zip(*self.threads.map(one, self.parts), strict=True)
        return sum(losses), sum(gradients)


def _search(
    loss: _Loss, start: Floats, penalty: float, tol: float, max_iter: int
) -> tuple[Floats, int]:
    """The coefficients, (columns + 1, classes), and how many iterations led to them.

    L-BFGS on coefficients in units of each column's own scale: Nocedal and Wright (2006), 7.2.
    """
    classes = start.shape[1]
    held = np.append(np.full(len(start) - 1, penalty), 0)[:, None]
    # The curvature where all classes are as probable.
    curvature = np.append(loss.squares(), 1)[:, None] * (classes - 1) / classes**2
    scale = 1 / np.sqrt(curvature + held)

    def scaled(point: Floats) -> tuple[float, Floats]:
        coefficients = point.reshape(start.shape) * scale
        value, gradient = loss.at(coefficients.astype(np.float32))
        value += 0.5 * float((held * coefficients**2).sum())
        return value, ((gradient + held * coefficients) * scale).ravel()

    options = {"maxiter": max_iter, "maxfun": 2 * max_iter, "gtol": tol, "ftol": SMALLEST}
    end = minimize(scaled, (start / scale).ravel(), method="L-BFGS-B", jac=True, options=options)
    if not end.success:
        warnings.warn(f"the search ended early: {end.message}", ConvergenceWarning, stacklevel=3)
    return end.x.reshape(start.shape) * scale, int(end.nit)
