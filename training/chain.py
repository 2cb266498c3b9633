"""The decoder's chain, learned from the order of labels on pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmenter.decoder import Chain

Floats = NDArray[np.float64]


def states(labels: Sequence[str], interruption: str) -> NDArray[np.int64]:
    """The label of each state: the texts', then the interruption after none and after each text.

    >>> states(("a", "b", "x"), "x").tolist()
    [0, 1, 2, 2, 2]
    """
    texts = [i for i, label in enumerate(labels) if label != interruption]
    between = labels.index(interruption)
    return np.array([*texts, between, *[between] * len(texts)])


def state_path(label: NDArray[np.int8], of_state: NDArray[np.int64]) -> list[int]:
    """The states of a page whose blocks have these labels."""
    texts = len(of_state) // 2
    state_of = {int(of_state[state]): state for state in range(texts)}
    path: list[int] = []
    last = -1
    for value in label.tolist():
        last = state_of.get(value, last)
        path.append(state_of[value] if value in state_of else texts + 1 + last)
    return path


def fit_chain(
    pages: Sequence[NDArray[np.int8]],
    labels: Sequence[str],
    *,
    interruption: str,
    smoothing: float = 0.5,
    weight: float = 1.0,
    posterior_weight: float = 1.0,
    reluctance: dict[str, float] | None = None,
) -> Chain:
    """The chain that the labels of ``pages`` show, one array of label places a page.

    ``smoothing`` is added to each count of a transition that can be. ``reluctance`` takes nats off
    each way into a label from another: on a page of one kind, a stray block of another costs more
    than the pages' own counts say, which are of mixed pages for the most part.
    """
    of_state = states(labels, interruption)
    size, texts = len(of_state), len(of_state) // 2
    allowed = np.zeros((size, size), bool)
    for a in range(size):
        memory = a if a < texts else a - texts - 1
        allowed[a, :texts] = True
        allowed[a, texts + 1 + memory] = True
    begins = np.zeros(size)
    moves = np.zeros((size, size))
    for page in pages:
        path = state_path(page, of_state)
        if path:
            begins[path[0]] += 1
            np.add.at(moves, (path[:-1], path[1:]), 1)
    moves = np.where(allowed, moves + smoothing, 0)
    begins[: texts + 1] += smoothing
    with np.errstate(divide="ignore"):
        transition = np.log(moves / moves.sum(axis=1, keepdims=True))
        start = np.log(begins / begins.sum())
    for label, nats in (reluctance or {}).items():
        into = int(np.flatnonzero(of_state == labels.index(label))[0])
        inside = np.isin(np.arange(size), (into, texts + 1 + into))
        transition[~inside, into] -= nats
        start[into] -= nats
    return Chain(of_state, start, transition, weight, posterior_weight)
