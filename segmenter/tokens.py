"""Blocks to tokens: where each begins and ends, what kind it is, and its hash.

A token is a word, a number, or a run of one mark. Words are folded first (case, accents, kinds of
quotation marks and dashes), so that tokens that differ in these alone have the same hash. All
tokens of a batch are found and hashed at once, by table look-ups and one running sum.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch

LOWER, CAPITALIZED, CAPITALS, NUMBER, MARK = range(5)
"""Kinds of token: a word by its case, a number, a mark."""

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

# The kind of a token by the class byte of its first character; marks are told by their run.
_KIND = np.full(256, LOWER, np.uint8)
_KIND[(np.arange(256) & ch.UPPER) > 0] = CAPITALIZED
_KIND[(np.arange(256) & ch.CLASS) == ch.DIGIT] = NUMBER

# An odd multiplier has an inverse modulo 2**64; its digits are those of the golden ratio.
_PRIME = 0x9E3779B97F4A7C15
_INVERSE = pow(_PRIME, -1, 2**64)
_REPEATED = np.uint64(0x1_0000)

ODD = [np.uint64(k) for k in (0xD1B54A32D192ED03, 0xABC98388FB8FAC03, 0x8CB92BA72F3D8DD7)]
"""Odd factors, by which hashes are parted."""

CAMELS = [
    "facebook", "youtube", "whatsapp", "linkedin", "tiktok", "javascript", "iphone", "ipad", "ios",
    "ebay", "paypal", "instagram", "github", "wordpress", "playstation", "openai", "deepmind",
    "spacex", "mastercard", "iplayer", "mcdonald", "mcdonalds", "macbook",
]  # fmt: skip
"""Names with a capital inside, folded."""


class Tokens(NamedTuple):
    """The tokens of a batch of blocks, in order.

    ``starts``, ``ends``: offsets into the batch's characters. ``kinds``: uint8. ``hashes``: uint64,
    the same for the same folded token anywhere. ``block``: the block of each token. ``bounds``: the
    first token of each block, then the number of tokens. ``fused``: whether the token runs on from
    the one before without a space, as where one link's text meets the next (``SportThe coach``).
    """

    starts: Ints
    ends: Ints
    kinds: NDArray[np.uint8]
    hashes: Hashes
    block: Ints
    bounds: Ints
    fused: NDArray[np.bool_]


@lru_cache(maxsize=4)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The first ``size`` powers of the multiplier, and of its inverse, modulo 2**64."""
    with np.errstate(over="ignore"):
        up = np.cumprod(np.full(size, _PRIME, np.uint64), dtype=np.uint64)
        down = np.cumprod(np.full(size, _INVERSE, np.uint64), dtype=np.uint64)
    return up, down


def tokenize(codes: NDArray[np.uint32], kinds: NDArray[np.uint8], starts: Ints) -> Tokens:
    """The tokens of the blocks that begin at ``starts`` in the characters ``codes``.

    ``kinds`` has the class byte of each character. Characters before the first start belong to no
    block and must be white space.
    """
    tables = ch.tables()
    if (kinds == ch.IGNORED).any():
        kept = np.flatnonzero(kinds != ch.IGNORED)
        tokens = tokenize(codes[kept], kinds[kept], np.searchsorted(kept, starts))
        return tokens._replace(starts=kept[tokens.starts], ends=kept[tokens.ends - 1] + 1)
    size = len(codes)
    fold = tables.fold.take(codes, mode="clip")
    run = tables.run.take(codes, mode="clip")
    marks = np.flatnonzero(run > ch.WORD)
    inner = marks[(marks > 0) & (marks < size - 1)]
    what, before, after = fold[inner], kinds[inner - 1] & ch.CLASS, kinds[inner + 1] & ch.CLASS
    clips = inner[(what == ch.APOSTROPHE) & (before == ch.LETTER) & (after == ch.LETTER)]
    points = (what == ord(".")) | (what == ord(",")) | (what == ord(":"))
    run[clips] = ch.WORD
    run[inner[points & (before == ch.DIGIT) & (after == ch.DIGIT)]] = ch.WORD

    edge = np.empty(size + 1, bool)
    edge[0] = edge[-1] = True
    np.not_equal(run[1:], run[:-1], out=edge[1:-1])
    edge[starts] = True
    total = _running_sum(fold)
    seams = _seams(kinds, edge, total)
    edge[seams] = True
    edges = np.flatnonzero(edge)
    code = run.take(edges[:-1])
    inked = np.flatnonzero(code)
    first, last, code = edges[inked], edges[inked + 1], code[inked]

    bounds = np.searchsorted(first, np.append(starts, size))
    block = np.repeat(np.arange(len(starts)), np.diff(bounds))
    hashes = _hash(total, first, last)
    is_mark = code > ch.WORD
    runs = np.flatnonzero(is_mark)
    mark = code[runs].astype(np.uint64)
    repeated = (last[runs] - first[runs] > 1) & (mark != ch.DASH)
    mark[repeated & (mark == ord("."))] = ch.ELLIPSIS
    mark[repeated & (mark != ch.ELLIPSIS)] += _REPEATED
    hashes[runs] = _spread(mark)

    kind = _KIND.take(kinds.take(first))
    upper = np.flatnonzero(kind == CAPITALIZED)
    final = last[upper] - 1
    capitals = (final > first[upper]) & (kinds.take(final) & ch.UPPER > 0)
    kind[upper[capitals]] = CAPITALS
    kind[runs] = MARK
    fused = np.zeros(len(first), bool)
    fused[np.searchsorted(first, seams)] = True
    return Tokens(first, last, kind, hashes, block, bounds, fused)


def _seams(kinds: NDArray[np.uint8], edge: NDArray[np.bool_], total: Hashes) -> Ints:
    """Where a word has run into the next: a capital or a figure behind a small letter.

    Also a capitalised word behind a figure. Names that are written so (`CAMELS`) stay whole.
    """
    kind = kinds & np.uint8(ch.CLASS | ch.UPPER)
    small, large, figure = kind == ch.LETTER, kind == ch.LETTER | ch.UPPER, kind == ch.DIGIT
    seam = np.zeros(len(kinds), bool)
    seam[1:] = small[:-1] & (large[1:] | figure[1:])
    seam[1:-1] |= figure[:-2] & large[1:-1] & small[2:]
    seams = np.flatnonzero(seam & ~edge[:-1])
    if not len(seams):
        return seams
    edges = np.flatnonzero(edge)
    word = np.searchsorted(edges, seams, side="right") - 1
    found, names = _hash(total, edges[word], edges[word + 1]), _camels()
    is_name = names.take(np.searchsorted(names, found), mode="clip") == found
    parted: Ints = seams[~is_name]
    return parted


@cache
def _camels() -> Hashes:
    """The hashes of `CAMELS`, sorted."""
    return np.sort(hash_words(CAMELS))


def _running_sum(fold: NDArray[np.uint16]) -> Hashes:
    """The sums that `_hash` takes differences of."""
    total = np.zeros(len(fold) + 1, np.uint64)
    np.multiply(fold, _powers(_table_size(len(fold)))[0][: len(fold)], out=total[1:])
    return np.cumsum(total, out=total)


def _hash(total: Hashes, first: Ints, last: Ints) -> Hashes:
    """The hash of each run of characters: a polynomial in the multiplier, modulo 2**64.

    Differences of one running sum give every run's polynomial, times a power that depends on where
    it starts; the inverse power takes that away.
    """
    down = _powers(_table_size(len(total) - 1))[1]
    return _spread((total.take(last) - total.take(first)) * down.take(first))


def _table_size(length: int) -> int:
    """How many powers are made at once, so that few sizes are."""
    return max(1 << max(length - 1, 1).bit_length(), 1 << 16)


def _spread(values: Hashes) -> Hashes:
    """Mixes the bits, so that each depends on all: the finalizer of SplitMix64."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def hash_words(words: list[str]) -> Hashes:
    """The hash of each of ``words``, each of which must be one token.

    >>> bool((hash_words(["Café", "“"]) == hash_words(["cafe", '"'])).all())
    True
    """
    codes = ch.codes("\n".join(words))
    starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])])
    tokens = tokenize(codes, ch.kinds(codes), starts)
    if len(tokens.starts) != len(words):
        raise ValueError("each word must be one token")
    return tokens.hashes
