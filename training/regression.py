"""Logistic regression over hashed features, most of whose columns are empty."""

from __future__ import annotations

import itertools
import operator
import os
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
"""The search starts from where one row of so many ends up, with a tolerance so much looser."""


class UsedColumnsRegression(LogisticRegression):  # type: ignore[misc]
    """Fits the columns that are not empty, and gives the others what they would get: nothing.

    The penalty keeps a coefficient at zero whose column says nothing, so only the time changes: it
    is many times shorter on few pages. The search runs in single precision, with the columns that
    occur most beside each other, which shortens the way to memory; rows are multiplied in parts, on
    up to as many processors (with two classes the gradient on one). A quarter of the rows shows
    where to begin. The search ends within the tolerance of `LogisticRegression`: in the same place
    whatever the number of processors, elsewhere on another kind of machine.
    """

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]

    def fit(
        self,
        X: sparse.csr_array,  # noqa: N803 the name is scikit-learn's
        y: NDArray[np.integer[Any]],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Fitted on ``X`` of shape (rows, columns); ``coef_`` has all columns."""
        width, counts = X.shape[1], np.bincount(X.indices, minlength=X.shape[1])
        used = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        # Several threads of BLAS would add up in another order, and wait for each other.
        with ThreadPoolExecutor(os.cpu_count()) as pool, threadpool_limits(1, user_api="blas"):
            chosen = _columns(X, used)
            self.warm_start = self._start(chosen, y, sample_weight, pool)
            super().fit(_PartedRows.of(chosen, pool), y, sample_weight)
            self.warm_start = False
        coefficients = np.zeros((len(self.coef_), width))
        coefficients[:, used] = self.coef_
        self.coef_, self.n_features_in_ = coefficients, width
        self.intercept_ = self.intercept_.astype(np.float64)
        return self

    def _start(
        self,
        rows: sparse.csr_array,
        y: NDArray[np.integer[Any]],
        sample_weight: NDArray[np.float64] | None,
        pool: ThreadPoolExecutor,
    ) -> bool:
        """Takes the coefficients of a fit on one row of `SAMPLE`, if that has all classes."""
        if not np.array_equal(np.unique(y[::SAMPLE]), np.unique(y)):
            return False
        start = LogisticRegression(**self.get_params() | {"tol": LOOSER * self.tol})
        weight = None if sample_weight is None else SAMPLE * sample_weight[::SAMPLE]
        start.fit(_PartedRows.of(rows[::SAMPLE], pool), y[::SAMPLE], weight)
        self.coef_, self.intercept_ = start.coef_, start.intercept_
        return True


def _columns(rows: sparse.csr_array, columns: NDArray[np.intp]) -> sparse.csr_array:
    """The chosen columns, in their order, in single precision; all others have to be empty."""
    place = np.zeros(rows.shape[1], np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    values = rows.data.astype(np.float32)
    shape = (rows.shape[0], len(columns))
    chosen = sparse.csr_array((values, place[rows.indices], rows.indptr), shape=shape)
    chosen.sort_indices()
    return chosen


class _PartedRows(sparse.csr_array):  # type: ignore[misc]
    """Rows that are multiplied with a matrix part by part, all parts at once.

    For `LogisticRegression` alone, which multiplies: a copy or a slice has no parts.
    """

    pool: ThreadPoolExecutor
    parts: list[sparse.csr_array]
    edges: list[int]

    @classmethod
    def of(cls, rows: sparse.csr_array, pool: ThreadPoolExecutor) -> Self:
        """The same rows; ``pool`` has to live as long as they are used."""
        parted = cls(rows)
        parted.pool = pool
        shares = np.linspace(0, rows.nnz, PARTS + 1)[1:-1]
        parted.edges = [0, *np.searchsorted(rows.indptr, shares).tolist(), rows.shape[0]]
        parted.parts = [rows[a:b] for a, b in itertools.pairwise(parted.edges)]
        return parted

    def __matmul__(self, other: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        products = self.pool.map(lambda part: part @ other, self.parts)
        return np.concatenate(list(products))

    def __rmatmul__(self, other: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        columns = [other[..., a:b] for a, b in itertools.pairwise(self.edges)]
        total, *others = self.pool.map(operator.matmul, columns, self.parts)
        for product in others:
            total += product
        return np.asarray(total)
