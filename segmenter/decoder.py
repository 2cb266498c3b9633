"""Scores of the blocks of pages to labels and probabilities, a page at a time.

A hidden Markov chain runs over a page's blocks. Its states say more than the label: a text's first
block is told from those that follow, and boilerplate that interrupts a text, which goes on behind
it, from boilerplate between texts. The labels are the chain's most probable path (Viterbi 1967);
the probabilities of a block's labels are its states' posteriors (forward-backward; Rabiner 1989, "A
tutorial on hidden Markov models").

The best path is read off its max-marginals, so both need the same two passes, forward and backward,
once with maxima and once with sums, and one loop runs all four, over all pages of a batch side by
side. Sums and maxima are taken in one order whatever the batch, so a page's result does not depend
on the others.
"""

from __future__ import annotations

import itertools
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

RESCALED = 4
"""Steps after which probabilities are scaled up again; `LEAST` lets none underflow before."""

LEAST = 40.0
"""A label's log probability is taken to be no further below the best label's."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The states of the chain and their probabilities.

    ``label``: the label of each state, int64 of shape (states,). ``role``: which of the model's
    scores speaks for each state, int64 of shape (states,); a label has several roles, since a
    section's opening sounds unlike what follows it. ``start`` and ``transition``: log
    probabilities, of shapes (states,) and (states, states), from row to column. ``weight``: what
    the label scores are multiplied by on the most probable path; ``posterior_weight``: the same for
    the posteriors (the inverse of a temperature, fitted so that they are calibrated).
    """

    label: Ints
    role: Ints
    start: Floats
    transition: Floats
    weight: float
    posterior_weight: float

    def roles_of(self, label: int) -> Ints:
        """The roles that a label has."""
        return np.flatnonzero(self.label_of_role == label)

    @property
    def label_of_role(self) -> Ints:
        """The label of each role, of shape (roles,)."""
        found = np.zeros(int(self.role.max()) + 1, np.int64)
        found[self.role] = self.label
        return found


def decode(scores: Floats, counts: Ints, chain: Chain) -> tuple[Ints, Floats]:
    """Labels and label probabilities of the blocks of many pages.

    ``scores``: log probabilities of the roles before the chain, of shape (blocks, roles).
    ``counts``: how many blocks each page has. Returns the labels, of shape (blocks,), and their
    probabilities, of shape (blocks, labels), each row summing to 1.
    """
    blocks, labels = len(scores), int(chain.label.max()) + 1
    # Probabilities relative to the block's best: no underflow, and no logarithm in the loop.
    relative = np.maximum(scores - scores.max(axis=1, keepdims=True), -LEAST).T
    emission = np.exp(np.stack([relative * chain.weight, relative * chain.posterior_weight]))[
        :, chain.role
    ]
    best = np.zeros(blocks, np.int64)
    probabilities = np.zeros((labels, blocks))
    windows = _windows(counts)
    # The longest first: a step then treats the sequences that are not at their end as one slice.
    order = np.argsort(windows[:, 0] - windows[:, 1], kind="stable")
    for begin in range(0, len(order), SIDE_BY_SIDE):
        low, high, core_low, core_high = windows[order[begin : begin + SIDE_BY_SIDE]].T
        size = core_high - core_low
        sequence = np.repeat(np.arange(len(low)), size)
        at = np.arange(len(sequence)) + np.repeat(core_low - np.cumsum(size) + size, size)
        marginals = _marginals(emission, low, high, sequence, at, chain)
        best[at] = chain.label[marginals[:, 0].argmax(axis=1)]
        for state, label in enumerate(chain.label.tolist()):
            probabilities[label, at] += marginals[:, 1, state]
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


def _marginals(
    emission: Floats, low: Ints, high: Ints, sequence: Ints, at: Ints, chain: Chain
) -> Floats:
    """Max-marginals and posteriors of the states, up to a factor: (blocks asked for, 2, states).

    ``emission`` is of shape (2, states, blocks): for the maxima, for the sums. The sequences, from
    ``low`` to ``high``, come with the longest first. What is asked for are the blocks ``at``, as
    blocks of ``sequence``.
    """
    steps, states = int((high - low).max()), len(chain.label)
    transition = np.exp(chain.transition)
    step = np.stack([transition, transition.T])[:, :, :, None]
    # Axes from here on: step; maxima or sums; forward or backward; state; sequence. The backward
    # pass runs from each sequence's end: its step t treats block length - 1 - t.
    t = np.arange(steps)[:, None]
    blocks = np.stack([np.minimum(low + t, emission.shape[2] - 1), np.maximum(high - 1 - t, 0)], 1)
    given = np.ascontiguousarray(emission.take(blocks, axis=2).transpose(2, 0, 3, 1, 4))
    before = np.zeros((steps + 1, *given.shape[1:]))
    before[0] = 1
    before[0, :, 0] = np.exp(chain.start)[:, None]
    # Sequences that are at their end drop out, so that each step treats those that go on.
    going = np.searchsorted(low - high, -np.arange(steps))
    edges = np.flatnonzero(np.diff(going, prepend=-1, append=-1)).tolist()
    for begin, end in itertools.pairwise(edges):
        count = int(going[begin])
        moves = np.empty((2, 2, states, states, count))
        most, sums = moves
        here = given[begin:end, ..., :count]
        reached = before[begin : end + 1, ..., :count]
        for i, own, prior, (best, total) in zip(
            range(begin, end), here, reached, reached[1:], strict=False
        ):
            own *= prior
            if i % RESCALED == 0:
                own /= np.maximum.reduce(own, axis=2, keepdims=True)
            np.multiply(own[:, :, :, None], step, out=moves)
            np.maximum.reduce(most, axis=1, out=best)
            np.add.reduce(sums, axis=1, out=total)
    behind = high[sequence] - 1 - at
    found: Floats = given[at - low[sequence], :, 0, :, sequence]
    found *= before[behind, :, 1, :, sequence]
    return found
