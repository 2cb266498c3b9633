"""Logistic regression over hashed features, most of whose columns are empty."""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

PARTS = 4
"""The parts that rows are multiplied in: as many on every machine, so that sums are the same."""

SAMPLE, LOOSER = 4, 10
"""The first search starts from where one row of so many ends up, the tolerance so much looser."""

Span = tuple[int, int]
"""A run of columns, from its first to behind its last."""

Start = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]
"""Coefficients and intercepts."""


class PooledRegression(LogisticRegression):  # type: ignore[misc]
    """The mean of regressions that each lack some columns: a logarithmic opinion pool.

    One regression over all columns leans on the strongest and leaves the weaker undertrained; where
    some are lacking, others have to carry the page. The mean of log probabilities of linear models
    is, but for a constant a row, that of the mean coefficients: the pool is a regression itself.
    Smith, Cohn and Osborne (2005); Sutton, Sindelar and McCallum (2006).

    ``n_iter_`` counts the iterations of all of them.
    """

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]

    def __init__(
        self,
        lacking: Sequence[Span] = (),
        *,
        C: float = 1.0,  # noqa: N803 the name is scikit-learn's
        tol: float = 1e-4,
        max_iter: int = 100,
    ) -> None:
        """``lacking``: for each regression of the pool the columns that it does not see.

        With none, the pool is one regression that sees all. ``C``, ``tol``, ``max_iter``: as for
        `LogisticRegression`.
        """
        super().__init__(C=C, tol=tol, max_iter=max_iter)
        self.lacking = lacking

    def fit(
        self,
        X: sparse.csr_array,  # noqa: N803 the name is scikit-learn's
        y: NDArray[np.integer[Any]],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Fitted on ``X`` of shape (rows, columns); ``coef_`` has all columns.

        Columns that are empty get what they would get: nothing. The penalty keeps a coefficient at
        zero whose column says nothing, so only the time changes: it is many times shorter on few
        pages. The searches run in single precision, with the columns that occur most beside each
        other, which shortens the way to memory; rows are multiplied in parts, on up to as many
        processors (with two classes the gradient on one). The first search begins where a quarter
        of the rows ends up, if that has all classes, each other one where the last ended. They end
        within the tolerance: in the same place whatever the number of processors, elsewhere on
        another kind of machine.
        """
        counts = np.bincount(X.indices, minlength=X.shape[1])
        coefficients, intercepts, iterations = [], [], []
        start: Start | None = None
        # Several threads of BLAS would add up in another order, and wait for each other.
        with ThreadPoolExecutor(os.cpu_count()) as threads, threadpool_limits(1, user_api="blas"):
            for first, last in self.lacking or [(0, 0)]:
                seen = counts.copy()
                seen[first:last] = 0
                used = np.argsort(-seen, kind="stable")[: np.count_nonzero(seen)]
                if start is not None:
                    start = start[0][:, used], start[1]
                member = self._member(_columns(X, used), y, sample_weight, start, threads)
                whole = np.zeros((len(member.coef_), X.shape[1]))
                whole[:, used] = member.coef_
                start = whole, member.intercept_
                coefficients.append(whole)
                intercepts.append(member.intercept_.astype(np.float64))
                iterations.append(member.n_iter_)
        self.coef_, self.intercept_ = np.mean(coefficients, axis=0), np.mean(intercepts, axis=0)
        self.classes_, self.n_iter_ = member.classes_, np.sum(iterations, axis=0)
        self.n_features_in_ = X.shape[1]
        return self

    def _member(
        self,
        rows: sparse.csr_array,
        y: NDArray[np.integer[Any]],
        sample_weight: NDArray[np.float64] | None,
        start: Start | None,
        threads: ThreadPoolExecutor,
    ) -> LogisticRegression:
        """One regression of the pool, searched from ``start`` or from a fit on a sample."""
        settings = {"C": self.C, "max_iter": self.max_iter}
        member = LogisticRegression(**settings, tol=self.tol)
        if start is None and np.array_equal(np.unique(y[::SAMPLE]), np.unique(y)):
            sampled = LogisticRegression(**settings, tol=LOOSER * self.tol)
            weight = None if sample_weight is None else SAMPLE * sample_weight[::SAMPLE]
            sampled.fit(_PartedRows.of(rows[::SAMPLE], threads), y[::SAMPLE], weight)
            start = sampled.coef_, sampled.intercept_
        if start is not None:
            member.coef_, member.intercept_ = start
            member.warm_start = True
        return member.fit(_PartedRows.of(rows, threads), y, sample_weight)


def _columns(rows: sparse.csr_array, columns: NDArray[np.intp]) -> sparse.csr_array:
    """The chosen columns, in their order, in single precision."""
    place = np.full(rows.shape[1], -1, np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    moved = place[rows.indices]
    kept = moved >= 0
    bounds = np.concatenate(([0], np.cumsum(kept)))[rows.indptr]
    values = rows.data[kept].astype(np.float32)
    shape = (rows.shape[0], len(columns))
    chosen = sparse.csr_array((values, moved[kept], bounds), shape=shape)
    chosen.sort_indices()
    return chosen


class _PartedRows(sparse.csr_array):  # type: ignore[misc]
    """Rows that are multiplied with a matrix part by part, all parts at once.

    For `LogisticRegression` alone, which multiplies: a copy or a slice has no parts.
    """

    threads: ThreadPoolExecutor
    parts: list[sparse.csr_array]
    edges: list[int]

    @classmethod
    def of(cls, rows: sparse.csr_array, threads: ThreadPoolExecutor) -> Self:
        """The same rows; ``threads`` have to live as long as they are used."""
        parted = cls(rows)
        parted.threads = threads
        shares = np.linspace(0, rows.nnz, PARTS + 1)[1:-1]
        parted.edges = [0, *np.searchsorted(rows.indptr, shares).tolist(), rows.shape[0]]
        parted.parts = [rows[a:b] for a, b in itertools.pairwise(parted.edges)]
        return parted

    def __matmul__(self, other: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        products = self.threads.map(lambda part: part @ other, self.parts)
        return np.concatenate(list(products))

    def __rmatmul__(self, other: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        columns = [other[..., a:b] for a, b in itertools.pairwise(self.edges)]
        total, *others = self.threads.map(operator.matmul, columns, self.parts)
        for product in others:
            total += product
        return np.asarray(total)
