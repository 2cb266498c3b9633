"""Which blocks of a page with markup are its article: what stands around them, and the choice.

`around` makes the numbers that the second stage of `segmenter.article_model` weighs, out of the
probabilities of the first; `choose` takes one stretch of the page, by the probabilities of the
second, and drops from it what is no article.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segmenter.elements import CAPTION, HEADLINE, LEVELS, STANDFIRST
from segmenter.structure import Layout, Structure, within
from segmenter.tokens import Ints

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

REACHES = (1, 2, 4, 8, 16)
"""Blocks on one side whose mean probability speaks for a block."""

DEPTH = 6
"""Containers of a block, from the inside out, whose mean probability speaks for it."""

MOST_WORDS = 80
"""Words of a block that count, at most: a long paragraph is not worth ten short ones."""

THRESHOLD = 0.4
"""The probability at which a block neither lengthens nor shortens the chosen stretch."""

LOSS = 0.5
"""What an unlikely block counts for beside a likely one: less, since a lead is often parted from
the body by pictures, share buttons and lists. Chosen like `SURE`."""

SURE = 0.45
"""The probability over which a block inside the stretch is taken. Chosen by leaving out one source
at a time; between 0.4 and 0.6 it trades what is found for what is left out, one for one."""


def _pages(layout: Layout) -> Iterator[tuple[int, int]]:
    """The first block of each page that has any, and the block behind its last."""
    edges = np.flatnonzero(np.diff(layout.page, prepend=-1, append=-1)).tolist()
    return itertools.pairwise(edges)


def weight_of(layout: Layout) -> Floats:
    """What each block counts for: its words, up to `MOST_WORDS`, and one."""
    return np.minimum(layout.words, MOST_WORDS) + 1.0


def around(probability: Floats, layout: Layout) -> Floats:
    """The second stage's numbers: (blocks, numbers).

    ``probability``: what the first stage gives each block. The numbers: its logarithmic odds; means
    over windows to either side, over its containers, and over the blocks of its signature; how far
    up the container that holds most of the article is; its length; some of them again for short
    blocks, and for headings.
    """
    blocks = len(probability)
    if blocks == 0:
        return np.zeros((0, NUMBERS))
    weight = weight_of(layout)
    page = layout.page
    # Sums of these are exact, so that they do not depend on what else is in the batch.
    probability = np.round(probability * _EXACT) / _EXACT
    odds = np.log(probability + 1e-3) - np.log(1 - probability + 1e-3)
    low, high = np.searchsorted(page, page), np.searchsorted(page, page, side="right")
    here = np.arange(blocks)
    total = np.concatenate(([0.0], np.cumsum(weight)))
    sums = np.concatenate(([0.0], np.cumsum(weight * probability)))
    windows = []
    for reach in REACHES:
        for a, b in (
            (np.maximum(here - reach, low), here),
            (here + 1, np.minimum(here + 1 + reach, high)),
        ):
            # A block at the page's edge has nothing around it, which is no article either.
            windows.append((sums[b] - sums[a]) / (total[b] - total[a] + 1e-9))
    groups = [_mean(layout.containers[:, level], probability, weight) for level in range(DEPTH)]
    groups.append(_mean(layout.signature, probability, weight))
    groups.append(_mean(page, probability, weight))
    away = _distance(probability, layout)
    short = (layout.words < 12).astype(np.float64)
    heading = (layout.heading > 1).astype(np.float64)
    lengths = np.searchsorted(_LENGTHS, layout.words, side="right")
    return np.column_stack(
        [
            odds / 4,
            probability,
            *windows,
            *groups,
            away / LEVELS,
            away == 0,
            away == 1,
            layout.linked,
            *(lengths == i for i in range(len(_LENGTHS) + 1)),
            heading,
            short * odds / 4,
            *(short * window for window in windows[:6]),
            short * groups[0],
            short * groups[1],
            short * (away == 0),
            *(heading * window for window in windows[:6]),
            heading * (away == 0),
        ]
    )


_EXACT = float(1 << 24)
_LENGTHS = np.array([1, 3, 6, 12, 25, 50])
NUMBERS = 49
"""How many numbers `around` gives a block."""


def _mean(group: Ints, values: Floats, weight: Floats) -> Floats:
    """For each block, the weighted mean over the blocks of its group."""
    total = np.bincount(group, weight)
    return (np.bincount(group, weight * values) / np.maximum(total, 1e-9))[group]


def _distance(probability: Floats, layout: Layout) -> Ints:
    """How many elements up from each block is the first that holds the page's main container.

    The main container is the smallest element that has nine tenths of the most that any element of
    the page gains by its likely blocks, less its unlikely ones.
    """
    containers = layout.containers
    gain = (probability - THRESHOLD) * weight_of(layout)
    gains = within(containers, gain)
    words = within(containers, layout.words.astype(np.float64))
    away = np.full(len(probability), LEVELS, np.int64)
    for begin, end in _pages(layout):
        own = containers[begin:end]
        held = gains[own]
        best = held.max()
        if best <= 0:
            continue
        row, level = np.unravel_index(
            np.where(held >= 0.9 * best, words[own], np.inf).argmin(), own.shape
        )
        chain = own[row, level:]
        found = np.isin(own, chain)
        away[begin:end] = np.where(found.any(axis=1), found.argmax(axis=1), LEVELS)
    return away


def choose(probability: Floats, layout: Layout, vetoed: Flags, repeated: Flags) -> Flags:
    """Whether each block is of its page's article.

    ``probability``: of the second stage. ``vetoed``: blocks that never are, such as comments.
    ``repeated``: blocks that say what an earlier one says. Of each page, the stretch with the
    largest sum of (probability - `THRESHOLD`) * weight is found, terms below zero times `LOSS`, and
    in it the blocks over `SURE` are taken.
    """
    score = np.where(vetoed, 0.0, probability)
    gain = (score - THRESHOLD) * weight_of(layout)
    gain = np.where(gain < 0, LOSS * gain, gain)
    chosen = np.zeros(len(score), bool)
    for begin, end in _pages(layout):
        total = np.concatenate(([0.0], np.cumsum(gain[begin:end])))
        lowest = np.minimum.accumulate(total)
        last = int((total - lowest).argmax())
        first = int(total[: last + 1].argmin())
        chosen[begin + first : begin + last] = True
    return chosen & (score > SURE) & ~repeated


LEAD = 60
"""Blocks before the article's body among which its headline is looked for."""

CAPTION_WORDS = 8
"""Words of a caption that tells something; a shorter one is a credit or a label."""


def asides(structure: Structure, body: Flags, repeated: Flags) -> Flags:
    """Blocks that belong to the article, but are none of its body: headline, standfirst, captions.

    ``body``: what `choose` found. Of each page's headlines the one most like its title is taken,
    the last of equals before the body.
    """
    layout = structure.layout
    role = structure.columns[:, -1]
    found = np.zeros(len(body), bool)
    for begin, end in _pages(layout):
        chosen = np.flatnonzero(body[begin:end]) + begin
        if len(chosen) == 0:
            continue
        first, last = int(chosen[0]), int(chosen[-1])
        low = max(begin, first - LEAD)
        heads = np.flatnonzero(role[low : last + 1] == HEADLINE) + low
        start = first
        if len(heads):
            worth = structure.titled[heads] + 0.5 * (layout.heading[heads] == 1)
            best = heads[worth == worth.max()]
            before = best[best < first]
            head = int(before[-1] if len(before) else best[0])
            found[head] = True
            start = min(head, first)
        inside = slice(start, last + 1)
        lead = (role[inside] == STANDFIRST) & (np.arange(start, last + 1) < first)
        caption = (role[inside] == CAPTION) & (layout.words[inside] >= CAPTION_WORDS)
        found[inside] |= (lead | caption) & ~repeated[inside]
    return found & ~body
