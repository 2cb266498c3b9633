"""Logistic regression over hashed features, most of whose columns are empty."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_consistent_length, check_X_y
from sklearn.utils.multiclass import check_classification_targets
from threadpoolctl import threadpool_limits

LEAST_GAIN = 1e-9
"""What a step has to gain, as a share of the loss, or over 1 of 1: single precision tells no less.
"""

PARTS = 4
"""The parts that rows are worked through in: always as many, so that sums are the same."""

Span = tuple[int, int]
"""A run of columns, from its first to behind its last."""

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
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
        their own scale (see `search`), is under it, or after ``max_iter`` iterations.
        """
        super().__init__(C=C, tol=tol, max_iter=max_iter)
        self.lacking = lacking

    def fit(
        self,
        X: sparse.csr_array,  # noqa: N803 the name is scikit-learn's
        y: Ints,
        sample_weight: Floats | None = None,
    ) -> Self:
        """Fitted on ``X`` of shape (rows, columns); ``coef_`` has all columns.

        What is minimised is what `LogisticRegression` minimises. Its search creeps where columns
        that occur often are a thousand times steeper than others, as those of n-grams are; here
        each has a scale of its own. Made for sparse columns, most of whose entries are zero; those
        that are empty keep a coefficient of zero. Scores are worked out in single precision, with
        the columns that occur most beside each other, which shortens the way to memory, in parts,
        on up to as many processors. Each search but the first begins where the last ended. All end
        in the same place whatever the number of processors, elsewhere on another kind of machine.
        Raises `ValueError` for what `LogisticRegression` refuses, and warns, as it does, of a
        search that ends before the tolerance is met.
        """
        self._validate_params()
        X, y = check_X_y(X, y, accept_sparse="csr", dtype=np.float32)  # noqa: N806
        X = sparse.csr_array(X)  # noqa: N806
        check_classification_targets(y)
        self.classes_, target = np.unique(y, return_inverse=True)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        check_consistent_length(y, weight)
        classes, columns, total = len(self.classes_), X.shape[1], float(weight.sum())
        if classes < 2 or not 0 < total < np.inf:
            raise ValueError("a fit needs two classes, and weights that are numbers, not all zero")
        # Two opposite rows have half the squares of their difference: the penalty is doubled.
        penalty = (2 if classes == 2 else 1) / (self.C * total)
        occurs = np.bincount(X.indices, minlength=columns)
        last, mean = np.zeros((2, columns + 1, classes))
        iterations = 0
        # Several threads of BLAS would add up in another order, and wait for each other.
        with ThreadPoolExecutor(os.cpu_count()) as threads, threadpool_limits(1, user_api="blas"):
            for first, end in self.lacking or [(0, 0)]:
                seen = occurs.copy()
                seen[first:end] = 0
                used = used_columns(seen)
                place = np.append(used, columns)
                found, taken = search(
                    _Loss.of(X[:, used], target, weight / total, threads),
                    *(last[place], penalty, self.tol, self.max_iter),
                )
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


def used_columns(occurs: Ints) -> Ints:
    """The columns that occur, those that occur most first, by how often each does."""
    return np.argsort(-occurs, kind="stable")[: np.count_nonzero(occurs)]


class Loss(Protocol):
    """What `search` finds the least of."""

    def squares(self) -> Floats:
        """The sum of each column's squares, each times its row's weight, (columns,)."""

    def at(self, coefficients: Singles) -> tuple[float, Singles]:
        """The loss and its gradient, (columns + 1, classes), the intercepts last."""


@dataclass(frozen=True, slots=True)
class _Loss:
    """The log loss of rows, each times its weight, worked out in parts, all at once."""

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
        """The sum of each column's squares, each times its row's weight, (columns,)."""
        sums = self.threads.map(lambda part: part[0].power(2, float).T @ part[2], self.parts)
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


def search(
    loss: Loss, start: Floats, penalty: float, tol: float, max_iter: int
) -> tuple[Floats, int]:
    """The coefficients, (columns + 1, classes), and how many iterations led to them.

    L-BFGS (Nocedal and Wright 2006, 7.2) on coefficients in units of each column's own scale: one
    over the root of the second derivative where all classes are as probable. ``penalty``: what half
    the square of a coefficient costs, the weights of all rows being 1 together.
    """
    classes = start.shape[1]
    held = np.append(np.full(len(start) - 1, penalty), 0)[:, None]
    curvature = np.append(loss.squares(), 1)[:, None] * (classes - 1) / classes**2
    scale = 1 / np.sqrt(curvature + held)

    def scaled(point: Floats) -> tuple[float, Floats]:
        coefficients = point.reshape(start.shape) * scale
        value, gradient = loss.at(coefficients.astype(np.float32))
        value += 0.5 * float((held * coefficients**2).sum())
        return value, ((gradient + held * coefficients) * scale).ravel()

    options = {"maxiter": max_iter, "maxfun": 2 * max_iter, "gtol": tol, "ftol": LEAST_GAIN}
    end = minimize(scaled, (start / scale).ravel(), method="L-BFGS-B", jac=True, options=options)
    if (slope := float(np.abs(end.jac).max())) > tol:
        warnings.warn(
            f"a search ended after {end.nit} iterations, at a slope of {slope:.0e} where tol is "
            f"{tol:.0e}: raise max_iter, or tol",
            ConvergenceWarning,
            stacklevel=3,
        )
    return end.x.reshape(start.shape) * scale, int(end.nit)
