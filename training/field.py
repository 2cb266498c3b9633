"""Regression through a chain of labels: a conditional random field over a page's blocks.

A block's label follows from its own text and from the labels about it. A regression that learns
each block by itself has to explain every block, also those that their page gives away, and counts
what neighbours say alike once for each of them. Here the coefficients are those by which a chain
such as the decoder's finds the labels of whole pages: they go where the chain alone is in doubt, to
where one text ends and another begins.

Lafferty, McCallum and Pereira (2001), "Conditional random fields: probabilistic models for
segmenting and labeling sequence data". What is known of a block is its label, which several states
of the chain have, so the states are hidden: Quattoni, Wang, Morency, Collins and Darrell (2007),
"Hidden conditional random fields".
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from segmenter.decoder import Chain
from training.regression import PARTS, Floats, Ints, Singles, search, used_columns

LONGEST = 256
"""Blocks of a page that are learned as one run, at most; a longer page is several."""

FURTHEST = 100.0
"""Nats that a state is taken to be behind the best one of its block, at most: so that no path is
lost among the smallest numbers. The gradient is that of the loss without it."""


def fit_field(
    rows: sparse.csr_array,
    label: Ints,
    page: Ints,
    weight: Floats,
    chain: Chain,
    *,
    c: float,
    tol: float,
    max_iter: int,
) -> tuple[Floats, int]:
    """The coefficients of each role, (columns + 1, roles), the intercepts last; the iterations.

    What is minimised is the negative log probability of the labels of each page, times what the
    page weighs, and half the squares of the coefficients, divided by ``c``. ``rows``: the weights
    of the blocks' features, float32, of shape (blocks, columns). ``label``: the place of each
    block's label; one that the chain lacks is not known, and any will do. ``page``: from 0,
    ascending. ``weight``: what its page weighs, the same for all blocks of a page, not zero for
    all. ``tol``, ``max_iter``: as for `PooledRegression`, and it warns as that does; what that
    refuses is not looked for again.
    """
    used = used_columns(np.bincount(rows.indices, minlength=rows.shape[1]))
    roles = len(chain.label_of_role)
    total = float(weight.sum())
    with ThreadPoolExecutor(os.cpu_count()) as threads, threadpool_limits(1, user_api="blas"):
        loss = _Loss.of(rows[:, used], label, page, weight / total, chain, threads)
        start = np.zeros((len(used) + 1, roles))
        found, iterations = search(loss, start, 1 / (c * total), tol, max_iter)
    coefficients = np.zeros((rows.shape[1] + 1, roles))
    coefficients[np.append(used, rows.shape[1])] = found
    return coefficients, iterations


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of blocks side by side, the longest first, so that at each step the first ones go on.

    ``block``: the blocks, step by step. ``edges``: where each step begins there, and the end.
    ``weight``: of each run. ``begin``: the probability of the states where each run begins, (runs,
    states). ``possible``: the states that have a block's label and lead to those of the labels that
    follow, by step, (blocks, states).
    """

    block: Ints
    edges: Ints
    weight: Floats
    begin: Floats
    possible: NDArray[np.bool_]

    @classmethod
    def of(cls, label: Ints, page: Ints, weight: Floats, chain: Chain) -> Self:
        """A run that does not begin a page may begin in any state."""
        new = np.flatnonzero(np.diff(page, prepend=-1))
        ends = np.append(new[1:], len(page))
        first = np.concatenate(
            [np.arange(a, b, LONGEST) for a, b in zip(new.tolist(), ends.tolist(), strict=True)]
        )
        length = np.diff(first, append=len(page))
        order = np.argsort(-length, kind="stable")
        first, length = first[order], length[order]
        going = np.searchsorted(-length, -np.arange(length[0]))
        block = np.concatenate([first[:count] + t for t, count in enumerate(going.tolist())])
        known = label[block] < int(chain.label.max()) + 1
        possible = (chain.label == label[block][:, None]) | ~known[:, None]
        begin = np.where(np.isin(first, new)[:, None], np.exp(chain.start), 1.0)
        edges = np.concatenate(([0], np.cumsum(going)))
        leads = np.isfinite(chain.transition.T).astype(np.float64)
        steps = _steps(edges)
        for before, step in zip(steps[-2::-1], steps[:0:-1], strict=True):
            possible[before][: len(possible[step])] &= possible[step] @ leads > 0
        return cls(block, edges, weight[first], begin, possible)

    def sums(self, given: Floats, transition: Floats) -> tuple[Floats, Floats]:
        """The log of the sum over all paths, (runs,), and the states' posteriors, (blocks, states).

        ``given``: what speaks for each state, by step, of shape (blocks, states).
        """
        steps = _steps(self.edges)
        forward = np.empty_like(given)
        total = np.zeros(len(self.begin))
        reached = self.begin
        for step in steps:
            own = forward[step]
            count = len(own)
            np.multiply(reached[:count], given[step], out=own)
            size = own.sum(axis=1, keepdims=True)
            own /= size
            total[:count] += np.log(size[:, 0])
            reached = own @ transition
        # Beside states that no path reaches, the others could get lost among the smallest numbers.
        given = given * (forward > 0)
        backward = np.ones_like(given)
        turned = np.ascontiguousarray(transition.T)
        for before, step in zip(steps[-2::-1], steps[:0:-1], strict=True):
            ahead = (given[step] * backward[step]) @ turned
            ahead /= ahead.sum(axis=1, keepdims=True)
            backward[before][: len(ahead)] = ahead
        posterior = np.multiply(forward, backward, out=forward)
        posterior /= posterior.sum(axis=1, keepdims=True)
        return total, posterior


def _steps(edges: Ints) -> list[slice]:
    return [slice(a, b) for a, b in itertools.pairwise(edges.tolist())]


@dataclass(frozen=True, slots=True)
class _Loss:
    """The negative log probability of pages' labels, each page times its weight, in parts."""

    parts: Sequence[tuple[sparse.csr_array, _Runs]]
    chain: Chain
    threads: ThreadPoolExecutor

    @classmethod
    def of(
        cls,
        rows: sparse.csr_array,
        label: Ints,
        page: Ints,
        weight: Floats,
        chain: Chain,
        threads: ThreadPoolExecutor,
    ) -> Self:
        """``threads`` have to live as long as the loss is used. A part is of whole pages."""
        rows.sort_indices()
        new = np.append(np.flatnonzero(np.diff(page, prepend=-1)), len(page))
        shares = np.linspace(0, rows.nnz, PARTS + 1)[1:-1]
        inner = new[np.searchsorted(rows.indptr[new], shares)]
        edges = np.unique(np.concatenate(([0], inner, [len(page)]))).tolist()
        parts = [
            (rows[a:b], _Runs.of(label[a:b], page[a:b], weight[a:b], chain))
            for a, b in itertools.pairwise(edges)
        ]
        return cls(parts, chain, threads)

    def squares(self) -> Floats:
        """The sum of each column's squares, each times its page's weight, (columns,)."""

        def one(part: tuple[sparse.csr_array, _Runs]) -> Floats:
            rows, runs = part
            weight = np.empty(rows.shape[0])
            for step in _steps(runs.edges):
                own = runs.block[step]
                weight[own] = runs.weight[: len(own)]
            return np.asarray(rows.power(2, float).T @ weight)

        return np.asarray(sum(self.threads.map(one, self.parts)), np.float64)

    def at(self, coefficients: Singles) -> tuple[float, Singles]:
        """The loss and its gradient, (columns + 1, roles), the intercepts last."""
        transition, role = np.exp(self.chain.transition), self.chain.role
        role_of_state = np.zeros((len(role), coefficients.shape[1]))
        role_of_state[np.arange(len(role)), role] = 1

        def one(part: tuple[sparse.csr_array, _Runs]) -> tuple[float, Singles]:
            rows, runs = part
            scores = (rows @ coefficients[:-1] + coefficients[-1])[runs.block][:, role]
            scores = scores.astype(np.float64)
            scores -= scores.max(axis=1, keepdims=True)
            given = np.exp(np.maximum(scores, -FURTHEST))
            total, posterior = runs.sums(given, transition)
            given *= runs.possible
            right, wanted = runs.sums(given, transition)
            posterior -= wanted
            for step in _steps(runs.edges):
                own = posterior[step]
                own *= runs.weight[: len(own), None]
            excess = np.empty((rows.shape[0], coefficients.shape[1]))
            excess[runs.block] = posterior @ role_of_state
            slope = rows.T @ excess.astype(np.float32)
            return float((total - right) @ runs.weight), np.vstack([slope, excess.sum(axis=0)])

        losses, gradients = zip(*self.threads.map(one, self.parts), strict=True)
        return sum(losses), sum(gradients)
