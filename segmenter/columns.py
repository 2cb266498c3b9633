"""The columns of blocks: small integers, each a binned count.

They tell of style (cues of the lexicon, in the block and around it), of layout (length, edges,
speaker marks, repetition), and of what a block shares with the rest of its page.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from segmenter import tokens as tk
from segmenter.lexicon import CUE_NAMES, lexicon
from segmenter.tokens import Hashes, Ints, Tokens

BINS = 40
"""Bins of a column, at most."""

NEIGHBOURS = (0, -1, 1)
"""The blocks whose columns speak for a block, by their distance from it: itself, then others."""

Bins = NDArray[np.uint8]
Flags = NDArray[np.bool_]

ODD = [np.uint64(k) for k in (0xD1B54A32D192ED03, 0xABC98388FB8FAC03, 0x8CB92BA72F3D8DD7)]
"""Odd factors, by which hashes are parted."""

OUTSIDE = ("you", "i", "we", "!", "?", "interjection", "show", "contraction", "attribution")
WINDOW = 2
"""Blocks on either side over which the cues of a window are summed."""


SHORT, MIDDLING = 6, 14
"""Words of the longest block that counts as short, and as middling."""


def sentence_starts(tokens: Tokens, rows: Ints) -> Flags:
    """Whether each token begins a sentence; opening marks are passed over."""
    is_mark = tokens.kinds == tk.MARK
    ender = lexicon().end.take(rows)
    begins = np.zeros(len(is_mark) + 1, bool)
    begins[1:] = ender
    begins[tokens.bounds[:-1]] = True
    begins = begins[:-1]
    clear = is_mark & ~ender
    for _ in range(3):
        begins[1:] |= begins[:-1] & clear[:-1]
    return begins


def columns_of(tokens: Tokens, rows: Ints, parts: Ints) -> Bins:
    """All columns, in the order of `column_names`.

    They are made one behind the other, a row each, and handed out as columns: so that each step
    here, and the sum over them in the model, runs through memory in order.
    """
    size = np.diff(tokens.bounds)
    (letters,) = per_block(tokens, tokens.kinds < tk.NUMBER)
    cues, outside = _cues(tokens, rows)
    around, around_size = _window(cues, size, parts)
    return np.concatenate(
        [
            _density(cues, size),
            _density(outside, size),
            _by_length(_density(around, around_size), letters, DENSITIES),
            np.stack(_layout(tokens, rows, parts, size)),
            np.stack(_surroundings(size, parts)),
            _by_length(_overlap(tokens, rows, parts, size), letters, 12),
        ]
    ).T


def _by_length(bins: Bins, words: Ints, most: int) -> Bins:
    """Bins told apart by the length of the block: a heading's mean other things than a paragraph's.

    ``most`` bins each for blocks of up to `SHORT` words, up to `MIDDLING`, and longer ones; figures
    are no words here, or a line of dates would be long.
    """
    length = (words > SHORT).astype(np.uint8) + (words > MIDDLING)
    return bins + np.uint8(most) * length


def _density(counts: Ints, size: Ints) -> Bins:
    """Bins of ``counts / size``: powers of two from 1/128 to 1/2 and over, from 1 on.

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

DENSITIES = 9 + len(LITTLE)
"""Bins of a density."""

_LEVEL = (np.arange(LITTLE[0] + 1) < np.array(LITTLE)[:, None]).sum(axis=0)
_NONE = np.where(_LEVEL > 0, 8 + _LEVEL, 0).astype(np.uint8)

_ROOTS = np.arange(1 << 11)
_HALF_POWERS = np.where(
    _ROOTS < 4, _ROOTS, 2 * np.log2(np.maximum(_ROOTS, 1).astype(np.float32))
).astype(np.uint8)


def _log_bin(counts: Ints, most: int) -> Bins:
    """Bins of whole numbers: 0, 1, 2, 3, then half powers of two; ``most`` is 21 or less."""
    return np.minimum(_HALF_POWERS.take(counts, mode="clip"), np.uint8(most))


def _share_bin(part: Ints, whole: Ints) -> Bins:
    """Bins of a share: 0 where there is nothing to share, then 1 for none up to 11 for all."""
    return (1 + part * 10 / np.maximum(whole, 1)).astype(np.uint8) * (whole > 0)


def _tally(kind: Ints, block: Ints, kinds: int, blocks: int) -> Ints:
    """How often each kind occurs in each block: (kinds, blocks)."""
    return np.bincount(kind * blocks + block, minlength=kinds * blocks).reshape(kinds, blocks)


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


def _cues(tokens: Tokens, rows: Ints) -> tuple[Ints, Ints]:
    """How often each cue occurs in each block, and some of them outside quotations."""
    tables = lexicon()
    blocks, names = len(tokens.bounds) - 1, len(CUE_NAMES)
    quoted = _quoted(tokens)
    # A word's lists come one behind the other, so fewer words are left for each further list.
    token = np.flatnonzero(rows)
    held, found = [], []
    for cues in tables.cues:
        of_token = cues.take(rows.take(token))
        has = np.flatnonzero(of_token)
        token = token.take(has)
        held.append(token)
        found.append(of_token.take(has))
    token = np.concatenate(held)
    kind = np.concatenate(found) + names * quoted.take(token) - 1
    both = _tally(kind, tokens.block.take(token), 2 * names, blocks).reshape(2, names, blocks)
    simile = np.zeros(len(rows), bool)
    simile[:-1] = tables.like.take(rows[:-1]) & tables.article.take(rows[1:])
    capitalized = tokens.kinds == tk.CAPITALIZED
    extra = per_block(
        tokens,
        simile,
        capitalized & (rows == 0),
        capitalized,
        tokens.kinds == tk.CAPITALS,
        tokens.kinds == tk.NUMBER,
        quoted,
        tables.function.take(rows),
    )
    return np.concatenate([both[0] + both[1], extra]), both[0, _OUTSIDE]


def _quoted(tokens: Tokens) -> Flags:
    """Whether each token stands between an odd quotation mark of its block and the next mark."""
    is_quote = tokens.hashes == _QUOTE
    marks = np.flatnonzero(is_quote)
    block = tokens.block.take(marks)
    # Which mark of its block each is: the odd ones open, up to the next or the block's end.
    order = np.arange(len(marks)) - np.searchsorted(block, block)
    opens = np.flatnonzero(order % 2 == 0)
    end = tokens.bounds.take(block.take(opens) + 1)
    following = np.append(marks, len(is_quote)).take(opens + 1)
    begin, end = marks.take(opens) + 1, np.minimum(following, end)
    turns = np.zeros(len(is_quote) + 1, bool)
    turns[begin[begin < end]] = True
    turns[end[begin < end]] = True
    return np.logical_xor.accumulate(turns[:-1])


_OUTSIDE = [CUE_NAMES.index(name) for name in OUTSIDE]
EXTRA_CUES = ("simile", "name", "capitalised", "capitals", "figure", "quoted", "function word")
_QUOTE, _COLON, _QUESTION = tk.hash_words(['"', ":", "?"])


def _window(counts: Ints, size: Ints, parts: Ints) -> tuple[Ints, Ints]:
    """Sums of the columns within `WINDOW` blocks on either side, in the same part; of sizes too."""
    total = np.zeros((len(counts) + 1, len(size) + 1), np.int64)
    np.cumsum(counts, axis=1, out=total[:-1, 1:])
    np.cumsum(size, out=total[-1, 1:])
    at = np.arange(len(size))
    low = np.maximum(at - WINDOW, np.searchsorted(parts, parts))
    high = np.minimum(at + WINDOW + 1, np.searchsorted(parts, parts, side="right"))
    sums = total.take(high, axis=1) - total.take(low, axis=1)
    return sums[:-1], sums[-1]


# First and last tokens: kinds of word (0 to 3, as in `segmenter.tokens`), then these marks, then
# any other mark, then no token at all.
_EDGE_MARKS = [
    '"', "'", "(", ")", "[", "]", "-", "•", "*", "**", "#", "##", "@", "©", "<", ">", "|", ".", "!",
    "?", "…", ":", ";", ",", "/", "{", "=", "_", "&", "$",
]  # fmt: skip
_EDGE_HASHES = tk.hash_words(_EDGE_MARKS)
_EDGE_ORDER = np.argsort(_EDGE_HASHES)
_EDGE_SORTED = _EDGE_HASHES[_EDGE_ORDER]
EDGE_KINDS = 4 + len(_EDGE_MARKS) + 2


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


def _layout(tokens: Tokens, rows: Ints, parts: Ints, size: Ints) -> list[Bins]:
    """Length, edges, heading shape, speaker marks, repetition."""
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
    fused_opening = np.zeros(blocks, np.uint8)
    fused_opening[tokens.block[np.flatnonzero(tokens.fused & (order <= 3))]] = 1
    return [
        _log_bin(size, 17),
        *_edge_kinds(tokens, size),
        np.minimum(colon_spot, SPEAKER + 1).astype(np.uint8),
        _log_bin(counts[0], 7),
        near[0],
        _log_bin(counts[3], 7),
        near[3],
        repeated[1],
        repeated[2],
        _share_bin(capitals, words),
        _log_bin(np.where(stops > 0, words // np.maximum(stops, 1), 0), 13),
        _log_bin(stops, 9),
        np.minimum(fused, 2).astype(np.uint8),
        fused_opening,
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


SURROUNDINGS = (
    "tokens in 3 before",
    "tokens in 3 behind",
    "tokens in 8 before",
    "tokens in 8 behind",
)


def _surroundings(size: Ints, parts: Ints) -> list[Bins]:
    """How much text stands around a block."""
    total = np.concatenate(([0], np.cumsum(size)))
    at = np.arange(len(size))
    low, high = np.searchsorted(parts, parts), np.searchsorted(parts, parts, side="right")
    columns = []
    for reach in (3, 8):
        columns.append(_log_bin(total[at] - total[np.maximum(at - reach, low)], 21))
        columns.append(_log_bin(total[np.minimum(at + 1 + reach, high)] - total[at + 1], 21))
    return columns


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
    packed = keys.ravel()[at] >> np.uint64(_BLOCK_BITS + 2) << np.uint64(_BLOCK_BITS)
    packed |= row << np.uint64(62) | block
    packed.sort()
    key = packed >> np.uint64(_BLOCK_BITS)
    block = (packed & _BLOCK_MASK).view(np.int64)
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


NEAR, FAR = 4, 8
"""Blocks this close are near each other; blocks further apart than the second are far."""

OFTEN = 4
"""A word that so many blocks have is one that the page is about."""

_NEVER = 1 << 30

_BLOCK_BITS, _TYPE_BITS = 20, 2
_BLOCK_MASK = np.uint64((1 << _BLOCK_BITS) - 1)


def _overlap(tokens: Tokens, rows: Ints, parts: Ints, size: Ints) -> Bins:
    """What a block's content words, names and figures share with other blocks of its part."""
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
    low = np.uint64(_BLOCK_BITS + _TYPE_BITS)
    packed = ((key >> low) << low) | ((block << _TYPE_BITS) | kinds[content]).view(np.uint64)
    packed.sort()
    word = packed >> low
    block = ((packed >> np.uint64(_TYPE_BITS)) & _BLOCK_MASK).view(np.int64)
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
    shares = _share_bin(counts[1:], counts[0])
    # Where there is little to share with, that nothing is shared says nothing.
    shares *= (shares > 1) | (_elsewhere(size, parts)[:, None] >= ENOUGH)
    return np.concatenate([_log_bin(counts[0, :1], 9), shares.reshape(18, blocks)])


ENOUGH = 64
"""Tokens that the rest of a page, or its part that is looked at, must have to share words with."""


def _elsewhere(size: Ints, parts: Ints) -> Ints:
    """Tokens of a block's part that it can share words with, for each of the places of `OVERLAP`.

    Before and behind the block; near it, before and behind; far from it; in all other blocks.
    """
    total = np.concatenate(([0], np.cumsum(size)))
    at = np.arange(len(size))
    low, high = np.searchsorted(parts, parts), np.searchsorted(parts, parts, side="right")
    before, behind = total[at] - total[low], total[high] - total[at + 1]

    def within(reach: int) -> tuple[Ints, Ints]:
        return (
            total[at] - total[np.maximum(at - reach, low)],
            total[np.minimum(at + 1 + reach, high)] - total[at + 1],
        )

    everything = before + behind
    return np.stack([before, behind, *within(NEAR), everything - sum(within(FAR)), everything])


OVERLAP = (
    "content words",
    *(
        f"{what} seen {where}"
        for where in ("earlier", "later", "just before", "just behind", "far away", "often")
        for what in ("words", "names", "figures")
    ),
)


@cache
def column_names() -> tuple[str, ...]:
    """The name of each column of `Features.columns`."""
    cues = (*CUE_NAMES, *EXTRA_CUES)
    return (
        *cues,
        *(f"{name}, outside quotations" for name in OUTSIDE),
        *(f"{name}, around" for name in cues),
        *LAYOUT,
        *SURROUNDINGS,
        *OVERLAP,
    )


def bin_name(column: str, level: int) -> str:
    """What a bin of a column means, for people."""
    if column.endswith("token") or column == "last but one":
        names = ("word", "Word", "WORD", "figure", *_EDGE_MARKS, "other mark", "none")
        return names[level]
    return str(level)
