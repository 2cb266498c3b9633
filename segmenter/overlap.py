"""Overlap: what a block's words share with other blocks of its page."""

from __future__ import annotations

import numpy as np

from segmenter import tokens as tk
from segmenter.bins import BLOCK_BITS, BLOCK_MASK, Bins, beside, log_bin, share_bin
from segmenter.lexicon import lexicon, sentence_starts
from segmenter.tokens import ODD, Ints, Tokens

NEAR, FAR = 4, 8
"""Blocks this close are near each other; blocks further apart than the second are far."""

OFTEN = 4
"""A word that so many blocks have is one that the page is about."""

_NEVER = 1 << 30


_TYPE_BITS = 2


def overlap(tokens: Tokens, rows: Ints, parts: Ints, size: Ints) -> Bins:
    """What a block's content words, names and figures share with other blocks of its part.

    uint8 of shape (columns, blocks), by `OVERLAP`; ``size`` has the tokens of each block.
    """
    blocks = len(parts)
    capital = (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS)
    kinds = (capital & ~sentence_starts(tokens, rows)).view(np.uint8)
    kinds[tokens.kinds == tk.NUMBER] = 2
    content = np.flatnonzero(
        (tokens.kinds != tk.MARK)
        & ~lexicon().function.take(rows)
        & (
            (tokens.ends - tokens.starts > 3)
            | (tokens.kinds == tk.NUMBER)
            | (tokens.kinds == tk.CAPITALS)
        )
    )
    block = tokens.block[content]
    salt = parts.astype(np.uint64) * ODD[2]
    key = (tokens.hashes[content] + salt[block]) * ODD[1]
    low = np.uint64(BLOCK_BITS + _TYPE_BITS)
    packed = ((key >> low) << low) | ((block << _TYPE_BITS) | kinds[content]).view(np.uint64)
    packed.sort()
    word = packed >> low
    block = ((packed >> np.uint64(_TYPE_BITS)) & BLOCK_MASK).view(np.int64)
    # Each word's first block and its last, and how many blocks have it: more than a few for the
    # words that the page is about.
    fresh = np.ones(len(word) + 1, bool)
    fresh[1:-1] = word[1:] != word[:-1]
    edges = np.flatnonzero(fresh)
    length = np.diff(edges)
    lowest = np.repeat(block[edges[:-1]], length)
    highest = np.repeat(block[edges[1:] - 1], length)
    # Distances to the last block before this one, and to the first behind it, with the same word.
    step = np.full(len(word) + 1, _NEVER)
    step[1:-1] = block[1:] - block[:-1]
    fresh_block = fresh | (step > 0)
    step[fresh | (step == 0)] = _NEVER
    new = np.concatenate(([0], np.cumsum(fresh_block[:-1])))
    spread = np.repeat(new[edges[1:]] - new[edges[:-1]], length)
    seen = (
        block > lowest,
        block < highest,
        step[:-1] <= NEAR,
        step[1:] <= NEAR,
        (block - lowest > FAR) | (highest - block > FAR),
        spread >= OFTEN,
    )
    place = (packed & np.uint64(3)).view(np.int64) * blocks + block
    counts = np.stack(
        [
            np.bincount(chosen, minlength=3 * blocks)
            for chosen in (place, *(place[np.flatnonzero(flags)] for flags in seen))
        ]
    ).reshape(7, 3, blocks)
    counts[:, 0] += counts[:, 1] + counts[:, 2]
    shares = share_bin(counts[1:], counts[0])
    # Where there is little to share with, that nothing is shared says nothing.
    shares *= (shares > 1) | (_elsewhere(size, parts)[:, None] >= ENOUGH)
    return np.concatenate([log_bin(counts[0, :1], 9), shares.reshape(18, blocks)])


ENOUGH = 64
"""Tokens that the rest of a page, or its part that is looked at, must have to share words with."""


def _elsewhere(size: Ints, parts: Ints) -> Ints:
    """Tokens of a block's part that it can share words with, for each of the places of `OVERLAP`.

    Before and behind the block; near it, before and behind; far from it; in all other blocks.
    """
    before, behind = beside(size, parts)
    everything = before + behind
    far = everything - sum(beside(size, parts, FAR))
    return np.stack([before, behind, *beside(size, parts, NEAR), far, everything])


OVERLAP = (
    "content words",
    *(
        f"{what} seen {where}"
        for where in ("earlier", "later", "just before", "just behind", "far away", "often")
        for what in ("words", "names", "figures")
    ),
)
"""The columns of `overlap`."""
