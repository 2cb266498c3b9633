"""Scores of the blocks of pages to labels and probabilities, a page at a time.

A hidden Markov chain runs over a page's blocks. Its states say more than the label: boilerplate
remembers which kind of text it interrupts, so that a report goes on behind an advertisement. The
labels are the chain's most probable path (Viterbi 1967); the probabilities of a block's labels are
its states' posteriors (forward-backward; Rabiner 1989, "A tutorial on hidden Markov models").

The best path is read off its max-marginals, so both need the same two passes, forward and backward,
once with maxima and once with sums, and one loop runs all four, over all pages of a batch side by
side. Sums and maxima are taken in one order whatever the batch, so a page's result does not depend
on the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WINDOW = 1024
"""Blocks decoded as one sequence. A longer page is decoded in windows that overlap."""

OVERLAP = 64
"""Blocks of context on either side of a window. What lies further off changes no label in practice:
the chain forgets within a few blocks."""

SIDE_BY_SIDE = 64
"""Sequences decoded side by side."""

LEAST = 40.0
"""A label's log probability is taken to be no further below the best label's."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The states of the chain and their probabilities.

    ``label``: the label of each state, int64 of shape (states,). ``start`` and ``transition``: log
    probabilities, of shapes (states,) and (states, states), from row to column. ``weight``: what
    the label scores are multiplied by on the most probable path; ``posterior_weight``: the same for
    the posteriors (the inverse of a temperature, fitted so that they are calibrated).
    """

    label: Ints
    start: Floats
    transition: Floats
    weight: float
    posterior_weight: float


def decode(scores: Floats, counts: Ints, chain: Chain) -> tuple[Ints, Floats]:
    """Labels and label probabilities of the blocks of many pages.

    ``scores``: log probabilities of the labels given the block alone, of shape (blocks, labels).
    ``counts``: how many blocks each page has. Returns the labels, of shape (blocks,), and their
    probabilities, of shape (blocks, labels), each row summing to 1.
    """
    blocks, labels = scores.shape
    # Probabilities relative to the block's best: no underflow, and no logarithm in the loop.
    relative = np.maximum(scores - scores.max(axis=1, keepdims=True), -LEAST).T
    emission = np.exp(np.stack([relative * chain.weight, relative * chain.posterior_weight]))[
        :, chain.label
    ]
    best = np.zeros(blocks, np.int64)
    probabilities = np.zeros((labels, blocks))
    windows = _windows(counts)
    # Sequences of like length go together, so that few steps are wasted on the shorter ones.
    order = np.argsort(windows[:, 1] - windows[:, 0], kind="stable")
    for begin in range(0, len(order), SIDE_BY_SIDE):
        low, high, core_low, core_high = windows[order[begin : begin + SIDE_BY_SIDE]].T
        place = low + np.arange(int((high - low).max()))[:, None]
        maxima, sums = _marginals(emission, low, high, chain)
        core = np.nonzero((place >= core_low) & (place < core_high))
        at = place[core]
        best[at] = chain.label[maxima[core[0], :, core[1]].argmax(axis=1)]
        for state, label in enumerate(chain.label.tolist()):
            probabilities[label, at] += sums[core[0], state, core[1]]
    return best, (probabilities / probabilities.sum(axis=0)).T


def _windows(counts: Ints) -> Ints:
    """First block and end of each sequence with its context, and without: (sequences, 4)."""
    rows = [
        (edge + max(low - OVERLAP, 0), edge + min(high + OVERLAP, count), edge + low, edge + high)
        for edge, count in zip((np.cumsum(counts) - counts).tolist(), counts.tolist(), strict=True)
        for low in range(0, count, WINDOW)
        for high in (min(low + WINDOW, count),)
    ]
    return np.array(rows, np.int64).reshape(-1, 4)


def _marginals(emission: Floats, low: Ints, high: Ints, chain: Chain) -> tuple[Floats, Floats]:
    """Max-marginals and posteriors of the states, up to a factor: (steps, states, sequences).

    ``emission`` is of shape (2, states, blocks): for the maxima, for the sums. What stands behind a
    sequence's own end in the result is of no meaning.
    """
    steps, states = int((high - low).max()), len(chain.label)
    transition = np.exp(chain.transition)
    step = np.stack([transition, transition.T])[:, :, :, None]
    # Axes from here on: forward or backward; state; sequence. The backward pass runs from each
    # sequence's end: its step t treats block length - 1 - t.
    t = np.arange(steps)[:, None]
    blocks = np.stack([np.minimum(low + t, emission.shape[2] - 1), np.maximum(high - 1 - t, 0)], 1)
    mirror = np.maximum(high - low - 1 - t, 0)[:, None]
    marginals = []
    for values, combine in zip(emission, (np.maximum.reduce, np.add.reduce), strict=True):
        given = values.take(blocks, axis=1).transpose(1, 2, 0, 3)
        inner = np.empty((2, steps, states, len(low)))
        before = np.ones((2, states, len(low)))
        before[0] = np.exp(chain.start)[:, None]
        for i in range(steps):
            here = before * given[i]
            inner[0, i], inner[1, i] = here[0], before[1]
            here /= np.maximum.reduce(here, axis=1, keepdims=True)
            before = combine(here[:, :, None] * step, axis=1)
        marginals.append(inner[0] * np.take_along_axis(inner[1], mirror, axis=0))
    return marginals[0], marginals[1]
