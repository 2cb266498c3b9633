"""Layout: length, edges, heading shape, speaker marks, repetition, what stands around a block."""

from __future__ import annotations

import numpy as np

from segmenter import tokens as tk
from segmenter.bins import (
    BLOCK_BITS,
    BLOCK_MASK,
    Bins,
    Flags,
    beside,
    log_bin,
    per_block,
    share_bin,
)
from segmenter.fused import LINK_ASKS, fused_openings
from segmenter.lexicon import lexicon
from segmenter.tokens import ODD, Hashes, Ints, Tokens

_COLON = tk.hash_words([":"])[0]

# First and last tokens: kinds of word (0 to 3, as in `segmenter.tokens`), then these marks, then
# any other mark, then no token at all. The last of these marks is what `part_links` puts in.
EDGE_MARKS = [
    '"', "'", "(", ")", "[", "]", "-", "•", "*", "**", "#", "##", "@", "©", "<", ">", "|", ".", "!",
    "?", "…", ":", ";", ",", "/", "{", "=", "_", "&", "$", "? of a link",
]  # fmt: skip
_EDGE_HASHES = np.append(tk.hash_words(EDGE_MARKS[:-1]), LINK_ASKS)
_EDGE_ORDER = np.argsort(_EDGE_HASHES)
_EDGE_SORTED = _EDGE_HASHES[_EDGE_ORDER]
EDGE_KINDS = 4 + len(EDGE_MARKS) + 2
"""Kinds of a token at the edge of a block."""


def _edge_kinds(tokens: Tokens, size: Ints) -> Bins:
    """The kinds of the first three tokens of each block, the last, and the last but one."""
    first, last = tokens.bounds[:-1], tokens.bounds[1:]
    exists = np.stack([size > 0, size > 1, size > 2, size > 0, size > 1])
    place = np.stack([first, first + 1, first + 2, last - 1, last - 2])[exists]
    kind = tokens.kinds[place]
    marks = np.flatnonzero(kind == tk.MARK)
    hashes = tokens.hashes[place[marks]]
    spot = np.searchsorted(_EDGE_SORTED, hashes)
    known = _EDGE_SORTED.take(spot, mode="clip") == hashes
    kind[marks] = np.where(known, 4 + _EDGE_ORDER.take(spot, mode="clip"), EDGE_KINDS - 2)
    kinds = np.full(exists.shape, EDGE_KINDS - 1, np.uint8)
    kinds[exists] = kind
    return kinds


SPEAKER = 8
"""A colon among the first tokens of a block, up to this one, may end a speaker's name."""


def layout(tokens: Tokens, rows: Ints, parts: Ints, size: Ints) -> list[Bins]:
    """Length, edges, heading shape, speaker marks, repetition: uint8, (blocks,), by `LAYOUT`."""
    first, last = tokens.bounds[:-1], tokens.bounds[1:]
    blocks = len(size)
    # A colon early in the block, and how often what stands before it opens a block of the part.
    colon = np.flatnonzero(tokens.hashes == _COLON)[::-1]
    block = tokens.block[colon]
    spot = colon - first[block]
    colon_spot = np.zeros(blocks, np.int64)
    colon_spot[block[spot <= SPEAKER]] = spot[spot <= SPEAKER] + 1
    order = np.arange(len(tokens.block)) - first[tokens.block]
    total = np.zeros(len(order) + 1, np.uint64)
    np.cumsum(tokens.hashes * (2 * order + 1).view(np.uint64), out=total[1:])
    # What repetition is looked for in: the speaker, the whole, and four and two tokens to open it.
    length = np.stack([colon_spot, size, np.full(blocks, 4), np.full(blocks, 2)])
    opening = total[np.minimum(first + length, last)] - total[first]
    opening = opening * ODD[1] + parts.astype(np.uint64) * ODD[0]
    chosen = np.stack([colon_spot > 1, size > 0, size >= 4, size >= 2])
    counts, near, repeated = _recurrence(opening, chosen)
    stops, words, capitals, fused = per_block(
        tokens,
        lexicon().stop.take(rows),
        tokens.kinds != tk.MARK,
        (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS),
        tokens.fused,
    )
    return [
        log_bin(size, 17),
        *_edge_kinds(tokens, size),
        np.minimum(colon_spot, SPEAKER + 1).astype(np.uint8),
        log_bin(counts[0], 7),
        near[0],
        log_bin(counts[3], 7),
        near[3],
        repeated[1],
        repeated[2],
        share_bin(capitals, words),
        log_bin(np.where(stops > 0, words // np.maximum(stops, 1), 0), 13),
        log_bin(stops, 9),
        np.minimum(fused, 2).astype(np.uint8),
        fused_openings(tokens),
        # Heading shape: short, no sentence end; by the share of capitals.
        np.where((words <= 16) & (stops == 0), 1 + (3 * capitals) // np.maximum(size, 1), 0).astype(
            np.uint8
        ),
    ]


LAYOUT = (
    "tokens", "first token", "second token", "third token", "last token", "last but one",
    "place of colon", "turns of the speaker", "speaker of a near block", "blocks that open so",
    "near block opens so", "repeated", "opening repeated", "share of capitalised words",
    "words a sentence", "sentences", "fused words", "fused word first", "heading shape",
)  # fmt: skip
"""The columns of `layout`."""


SURROUNDINGS = (
    "tokens in 3 before",
    "tokens in 3 behind",
    "tokens in 8 before",
    "tokens in 8 behind",
)
"""The columns of `surroundings`."""


def surroundings(size: Ints, parts: Ints) -> list[Bins]:
    """How much text stands around a block: uint8 of shape (blocks,) each, by `SURROUNDINGS`."""
    return [log_bin(tokens, 21) for reach in (3, 8) for tokens in beside(size, parts, reach)]


def _recurrence(keys: Hashes, chosen: Flags) -> tuple[Ints, Bins, Bins]:
    """Where the keys of the chosen blocks recur, for each row of keys: (rows, blocks) all.

    How many blocks have the key of each; whether one of them is two or fewer away, 1 for behind
    and 2 for before; and whether there is any, 1 for before and 2 for behind.
    """
    blocks = keys.shape[1]
    at = np.flatnonzero(chosen)
    row = (at // blocks).view(np.uint64)
    block = (at % blocks).view(np.uint64)
    # One sort for all: the row, then the key's leading bits, then the block.
    packed = keys.ravel()[at] >> np.uint64(BLOCK_BITS + 2) << np.uint64(BLOCK_BITS)
    packed |= row << np.uint64(62) | block
    packed.sort()
    key = packed >> np.uint64(BLOCK_BITS)
    block = (packed & BLOCK_MASK).view(np.int64)
    fresh = np.ones(len(key) + 1, bool)
    fresh[1:-1] = key[1:] != key[:-1]
    begin = np.flatnonzero(fresh)
    length = np.diff(begin)
    before, behind = ~fresh[:-1], ~fresh[1:]
    close = np.zeros(len(key) + 1, bool)
    close[1:-1] = before[1:] & (np.diff(block) <= 2)
    place = (packed >> np.uint64(62)).view(np.int64) * blocks + block
    counts = np.zeros(keys.shape, np.int64)
    near, repeated = np.zeros((2, *keys.shape), np.uint8)
    counts.ravel()[place] = np.repeat(length, length)
    near.ravel()[place] = close[1:] + np.uint8(2) * close[:-1]
    repeated.ravel()[place] = before + np.uint8(2) * behind
    return counts, near, repeated
