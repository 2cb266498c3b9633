"""Binned counts: what the columns of blocks are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.tokens import Ints, Tokens

Bins = NDArray[np.uint8]
Flags = NDArray[np.bool_]

BLOCK_BITS = 20
"""Bits that number the blocks where a key and a block are sorted as one."""

BLOCK_MASK = np.uint64((1 << BLOCK_BITS) - 1)

SHORT, MIDDLING = 6, 14
"""Words of the longest block that counts as short, and as middling."""


def by_length(bins: Bins, words: Ints, most: int) -> Bins:
    """Bins told apart by the length of the block: a heading's mean other things than a paragraph's.

    ``bins`` is of shape (columns, blocks), ``words`` of shape (blocks,).
    ``most`` bins each for blocks of up to `SHORT` words, up to `MIDDLING`, and longer ones; figures
    are no words here, or a line of dates would be long.
    """
    length = (words > SHORT).astype(np.uint8) + (words > MIDDLING)
    return bins + np.uint8(most) * length


def density(counts: Ints, size: Ints) -> Bins:
    """Bins of ``counts / size``, (columns, blocks): powers of two from 1/128 to all, from 1 on.

    For none the bin is 0 where ``size`` is large; where it is small, so that none tells little, it
    is one of those behind the densities.
    """
    share = counts.astype(np.float32) * (128 / np.maximum(size, 1)).astype(np.float32)
    # A float's exponent is the power of two below it; that of 1 is 127, and that of 0 is 0.
    exponent = (share.view(np.uint32) >> np.uint32(23)).astype(np.uint8)
    none = _NONE.take(size, mode="clip")
    return np.where(exponent > 0, np.clip(exponent, 127, 134) - np.uint8(126), none)


LITTLE = (256, 64, 16)
"""Tokens below which none of a cue says little, less, and nothing."""

SHARES = 12
"""Bins of a share."""

_LEVEL = (np.arange(LITTLE[0] + 1) < np.array(LITTLE)[:, None]).sum(axis=0)
_NONE = np.where(_LEVEL > 0, 8 + _LEVEL, 0).astype(np.uint8)


_ROOTS = np.arange(1 << 11)
_HALF_POWERS = np.where(
    _ROOTS < 4, _ROOTS, 2 * np.log2(np.maximum(_ROOTS, 1).astype(np.float32))
).astype(np.uint8)


DENSITY_NAMES = (
    f"none of {LITTLE[0]} tokens or more",
    "under 1 of 64",
    *(f"1 of {1 << power} or more" for power in range(6, 0, -1)),
    "all",
    *(f"none of under {least} tokens" for least in LITTLE),
)
"""What each bin of `density` means, for people."""

SHARE_NAMES = (
    "nothing to tell",
    "under 10%",
    *(f"{tenth}0% or more" for tenth in range(1, 10)),
    "all",
)
"""What each bin of `share_bin` means, for people."""

LENGTH_NAMES = ("short", "middling", "long")
"""The lengths of a block by which `by_length` tells bins apart, for people."""


def log_bin(counts: Ints, most: int) -> Bins:
    """Bins of whole numbers: 0, 1, 2, 3, then half powers of two; ``most`` is 21 or less."""
    return np.minimum(_HALF_POWERS.take(counts, mode="clip"), np.uint8(most))


def share_bin(part: Ints, whole: Ints) -> Bins:
    """Bins of a share: 0 where there is nothing to share, then 1 for none up to 11 for all."""
    return (1 + part * 10 / np.maximum(whole, 1)).astype(np.uint8) * (whole > 0)


def beside(size: Ints, parts: Ints, reach: int | None = None) -> tuple[Ints, Ints]:
    """Tokens before each block and behind it, in its part; within so many blocks, or all."""
    total = np.concatenate(([0], np.cumsum(size)))
    at = np.arange(len(size))
    low, high = np.searchsorted(parts, parts), np.searchsorted(parts, parts, side="right")
    if reach is not None:
        low, high = np.maximum(at - reach, low), np.minimum(at + 1 + reach, high)
    return total[at] - total[low], total[high] - total[at + 1]


def per_block(tokens: Tokens, *flags: Flags) -> Ints:
    """How many of each block's tokens have each flag: (flags, blocks)."""
    begins = tokens.bounds[:-1]
    counts = np.zeros((len(flags), len(begins)), np.int64)
    # A block of nothing but characters that are passed over has no token.
    full = np.flatnonzero(tokens.bounds[1:] > begins)
    if len(full):
        found = np.add.reduceat(np.stack(flags), begins[full], axis=1, dtype=np.int64)
        if len(full) == len(begins):
            return found
        counts[:, full] = found
    return counts
