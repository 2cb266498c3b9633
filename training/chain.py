"""The decoder's chain, learned from the order of labels on pages.

A block's role tells more than its label: whether a text opens with it or goes on, whether an
interruption stands within a text or between two. The regression tells the roles apart; the chain
knows in which order they can come.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmenter.decoder import Chain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


UNKNOWN = -1
"""The role of a block whose label is not known."""


def role_labels(labels: int, interruption: int) -> Ints:
    """The label of each role.

    First a role for each label: the text goes on; the interruption stands between texts. Then each
    text opens. Last the interruption stands within a text, which goes on behind it.

    >>> role_labels(4, interruption=3).tolist()
    [0, 1, 2, 3, 0, 1, 2, 3]
    """
    texts = [label for label in range(labels) if label != interruption]
    return np.array([*range(labels), *texts, interruption])


def roles(page: NDArray[np.int8], labels: int, interruption: int) -> NDArray[np.int8]:
    """The role of each block of a page; blocks with a label of ``labels`` or more are unknown."""
    texts = [label for label in range(labels) if label != interruption]
    opening = {text: labels + i for i, text in enumerate(texts)}
    found = np.full(len(page), UNKNOWN, np.int8)
    text, waiting = UNKNOWN, []
    for block, label in enumerate(page.tolist()):
        if label == interruption:
            waiting.append(block)
        elif label in opening:
            found[block] = label if label == text else opening[label]
            found[waiting] = labels + len(texts) if label == text else interruption
            text, waiting = label, []
    found[waiting] = interruption
    return found


def states(labels: int, interruption: int) -> tuple[Ints, Ints]:
    """The role of each state, and the text that it is in, -1 between texts.

    A text opens, goes on, and is interrupted; one state stands for what is between texts.

    >>> states(2, interruption=1)
    (array([2, 0, 3, 1]), array([ 0,  0,  0, -1]))
    """
    texts = [label for label in range(labels) if label != interruption]
    within = labels + len(texts)
    role = [r for i, text in enumerate(texts) for r in (labels + i, text, within)]
    memory = [text for text in texts for _ in range(3)]
    return np.array([*role, interruption]), np.array([*memory, -1])


def state_path(page: NDArray[np.int8], labels: int, interruption: int) -> list[int]:
    """The states of a page whose blocks have these labels; unknown blocks are passed over."""
    role, memory = states(labels, interruption)
    place = {pair: i for i, pair in enumerate(zip(role.tolist(), memory.tolist(), strict=True))}
    of_role = role_labels(labels, interruption).tolist()
    path: list[int] = []
    text = -1
    for role in roles(page, labels, interruption).tolist():
        if role == UNKNOWN:
            continue
        text = of_role[role] if of_role[role] != interruption else text
        path.append(place[role, -1 if role == interruption else text])
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
    each way into a text of a label: most pages have none, unlike those that the counts are of, so a
    short stretch must speak for it clearly, where a long one has evidence to spare.
    """
    between = labels.index(interruption)
    role, memory = states(len(labels), between)
    size = len(role)
    is_between = memory < 0
    is_within = (role == role.max()) & ~is_between
    opens = (role >= len(labels)) & ~is_within
    # From row to column: a text opens behind another or between texts; within it, it goes on.
    same = memory[:, None] == memory
    allowed = np.where(opens, ~same & ~is_within[:, None], same & ~is_between[:, None])
    allowed[:, is_between] = ~is_within[:, None]
    begins = np.zeros(size)
    moves = np.zeros((size, size))
    for page in pages:
        path = state_path(page, len(labels), between)
        if path:
            begins[path[0]] += 1
            np.add.at(moves, (path[:-1], path[1:]), 1)
    moves = np.where(allowed, moves + smoothing, 0)
    begins[opens | is_between] += smoothing
    with np.errstate(divide="ignore"):
        transition = np.log(moves / moves.sum(axis=1, keepdims=True))
        start = np.log(begins / begins.sum())
    for label, nats in (reluctance or {}).items():
        into = opens & (memory == labels.index(label))
        transition[:, into] -= nats
        start[into] -= nats
    label_of = role_labels(len(labels), between)[role]
    return Chain(label_of, role, start, transition, weight, posterior_weight)
