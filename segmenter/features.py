"""The features of blocks, for many pages in one vectorised pass.

Two kinds of features are counted. *N-grams* are hashed: masked ones (names and figures replaced by
their kind) and plain words. *Columns* are small integers, each a binned count: cues of style,
layout, and what a block shares with the rest of its page; the columns of the blocks around it are
features of a block too. Where on the page a block stands is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch
from segmenter import tokens as tk
from segmenter.lexicon import CUE_NAMES, lexicon, look_up
from segmenter.splitter import Spans, split_many
from segmenter.tokens import Hashes, Ints, Tokens

VERSION = 2
"""To be raised whenever the same text gives other features: models and counts tell by it."""

MASKED_BITS, WORD_BITS = 18, 17
"""The n-grams of a group are hashed to 2**bits buckets."""

BINS = 40
"""Bins of a column, at most."""

NEIGHBOURS = (0, -1, 1)
"""The blocks whose columns speak for a block, by their distance from it: itself, then others."""

Bins = NDArray[np.uint8]
Flags = NDArray[np.bool_]


class Grams(NamedTuple):
    """One kind of n-gram: the bucket of each occurrence, and the first occurrence of each block."""

    buckets: Ints
    bounds: Ints


class Features(NamedTuple):
    """The features of the blocks of a batch.

    ``masked``, ``words``: the n-grams of each group. ``columns``: uint8 of shape (blocks, columns),
    the bin of each column. ``parts``: int64, the text that each block belongs to. ``known``: int64
    of shape (blocks, 2), how many words a block has, and how many of them are function words.
    """

    masked: tuple[Grams, ...]
    words: tuple[Grams, ...]
    columns: Bins
    parts: Ints
    known: Ints


class Batch(NamedTuple):
    """Texts taken apart: their blocks, tokens and features.

    Offsets are into the concatenation of the texts, each followed by a line break; ``bounds`` has
    where each text starts there, and the length of the whole.
    """

    bounds: Ints
    spans: Spans
    tokens: Tokens
    features: Features


def extract(texts: Sequence[str]) -> Batch:
    """Splits ``texts`` into blocks and finds the features of each block.

    What a block shares with others is looked for in its own text. Memory grows with the texts: give
    a long page in parts.
    """
    # A line break behind each text, so that nothing at its edge meets the next.
    bounds = np.cumsum([0, *(len(text) + 1 for text in texts)])
    codes = ch.codes("\n".join([*texts, ""]))
    kinds = ch.kinds(codes)
    spans = split_many(texts, codes, kinds, bounds)
    tokens = tk.tokenize(codes, kinds, spans.starts)
    parts = np.repeat(np.arange(len(texts)), spans.counts)
    return Batch(bounds, spans, tokens, features(tokens, parts))


def features(tokens: Tokens, parts: Ints) -> Features:
    """The features of the blocks that ``tokens`` make up; ``parts`` as in `Features`."""
    rows = look_up(tokens.hashes)
    masked, words = _grams(tokens, rows)
    return Features(masked, words, _columns(tokens, rows, parts), parts, _known(tokens, rows))


def _known(tokens: Tokens, rows: NDArray[np.uint16]) -> Ints:
    """Words and function words of each block."""
    flags = (tokens.kinds != tk.MARK, lexicon().function.take(rows))
    total = [np.concatenate(([0], np.cumsum(flag))) for flag in flags]
    return np.stack([np.diff(each[tokens.bounds]) for each in total], axis=1)


# --- n-grams -------------------------------------------------------------------------------------

NAME, _MONTH, _DAY, _BEGIN, _END, _NUMBER = tk.hash_words(
    ["aname", "amonth", "aday", "abegin", "anend", "anumber"]
)
_ODD = [np.uint64(k) for k in (0xD1B54A32D192ED03, 0xABC98388FB8FAC03, 0x8CB92BA72F3D8DD7)]


def mask(tokens: Tokens, rows: NDArray[np.uint16]) -> Hashes:
    """The hashes of the tokens with names, months, days and figures replaced by their kind.

    A capitalised word counts as a name inside a sentence, if it is in no list of the lexicon. A
    figure keeps its number of characters.
    """
    tables = lexicon()
    hashes = tokens.hashes.copy()
    capital = (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS)
    hashes[capital & (rows == 0) & ~_sentence_starts(tokens)] = NAME
    figures = np.flatnonzero(tokens.kinds == tk.NUMBER)
    size = np.minimum(tokens.ends[figures] - tokens.starts[figures], 7).astype(np.uint64)
    hashes[figures] = _NUMBER + size
    hashes[tables.month.take(rows)] = _MONTH
    hashes[tables.day.take(rows)] = _DAY
    return hashes


def mask_name(masked: np.uint64) -> str:
    """What `mask` put in a token's place, for people."""
    names = {NAME: "⟨name⟩", _MONTH: "⟨month⟩", _DAY: "⟨day⟩"}
    return names.get(masked, f"⟨figure of {masked - _NUMBER}⟩")


def _sentence_starts(tokens: Tokens) -> Flags:
    """Whether each token begins a sentence; opening marks are passed over."""
    is_mark = tokens.kinds == tk.MARK
    ender = np.isin(tokens.hashes, _ENDERS) & is_mark
    begins = np.zeros(len(is_mark) + 1, bool)
    begins[1:] = ender
    begins[tokens.bounds[:-1]] = True
    begins = begins[:-1]
    clear = is_mark & ~ender
    for _ in range(3):
        begins[1:] |= begins[:-1] & clear[:-1]
    return begins


_ENDERS = tk.hash_words([".", "!", "?", "…", "!!", "??", ":"])


def _grams(tokens: Tokens, rows: NDArray[np.uint16]) -> tuple[tuple[Grams, ...], tuple[Grams, ...]]:
    """The masked n-grams (one, two, three tokens; the last with a function word) and the words."""
    masked = mask(tokens, rows)
    kept = np.ones(len(masked), bool)
    kept[1:] = (masked[1:] != NAME) | (masked[:-1] != NAME)
    kept[tokens.bounds[:-1][tokens.bounds[:-1] < len(masked)]] = True
    places = np.flatnonzero(kept)
    # Each block's tokens between a mark for its beginning and one for its end.
    count = np.diff(np.searchsorted(places, tokens.bounds)) + 2
    bounds = np.concatenate(([0], np.cumsum(count)))
    block = tokens.block.take(places)
    spot = np.arange(len(places)) + 2 * block + 1
    stream = np.empty(bounds[-1], np.uint64)
    stream[spot] = masked[places]
    stream[bounds[:-1]], stream[bounds[1:] - 1] = _BEGIN, _END
    function = np.zeros(len(stream), bool)
    function[spot] = lexicon().function.take(rows[places])
    shift = np.uint64(64 - MASKED_BITS)

    ones = ((stream[spot] * _ODD[0]) >> shift).view(np.int64)
    pair: Hashes = np.multiply(stream[:-1], _ODD[1]) + np.multiply(stream[1:], _ODD[2])
    inside = np.ones(len(pair), bool)
    inside[bounds[1:-1] - 1] = False
    two = np.flatnonzero(inside)
    three = np.flatnonzero(
        inside[:-1] & inside[1:] & (function[:-2] | function[1:-1] | function[2:])
    )
    triple: Hashes = pair[three] * _ODD[0] + stream[three + 2]
    word = np.flatnonzero(tokens.kinds != tk.MARK)
    plain = ((tokens.hashes[word] * _ODD[1]) >> np.uint64(64 - WORD_BITS)).view(np.int64)
    return (
        Grams(ones, bounds - 2 * np.arange(len(bounds))),
        Grams((pair[two] >> shift).view(np.int64), np.searchsorted(two, bounds)),
        Grams((triple >> shift).view(np.int64), np.searchsorted(three, bounds)),
    ), (Grams(plain, np.searchsorted(word, tokens.bounds)),)


# --- columns -------------------------------------------------------------------------------------

OUTSIDE = ("you", "i", "we", "!", "?", "interjection", "show", "contraction", "attribution")
WINDOW = 3
"""Blocks on either side over which the cues of a window are summed."""


SHORT, MIDDLING = 6, 16
"""Tokens of the longest block that counts as short, and as middling."""


def _columns(tokens: Tokens, rows: NDArray[np.uint16], parts: Ints) -> Bins:
    """All columns, in the order of `column_names`."""
    cues, outside, quoted = _cues(tokens, rows)
    size = np.diff(tokens.bounds)
    around, around_size = _window(np.column_stack((cues, size)), parts)
    return np.column_stack(
        [
            _density(cues, size[:, None]),
            _density(outside, size[:, None]),
            _by_length(_density(around, around_size[:, None]), size[:, None], 9),
            *_layout(tokens, rows, parts, size, quoted),
            *_surroundings(size, parts),
            *(_by_length(column, size, 12) for column in _overlap(tokens, rows, parts)),
        ]
    )


def _by_length(bins: Bins, size: Ints, most: int) -> Bins:
    """Bins told apart by the length of the block: a heading's mean other things than a paragraph's.

    ``most`` bins each for blocks of up to `SHORT` tokens, up to `MIDDLING`, and longer ones.
    """
    length = (size > SHORT).astype(np.uint8) + (size > MIDDLING)
    return (bins + np.uint8(most) * length).astype(np.uint8)


def _density(counts: NDArray[np.float32], size: NDArray[np.float32] | Ints) -> Bins:
    """Bins of ``counts / size``: 0 for none, then powers of two from 1/128 to 1/2 and over."""
    share = counts * (128 / np.maximum(size, 1)).astype(np.float32)
    level = np.frexp(share)[1]
    return np.where(counts > 0, np.clip(level, 1, 8), 0).astype(np.uint8)


def _log_bin(counts: Ints, most: int) -> Bins:
    """Bins of whole numbers: 0, 1, 2, 3, then half powers of two."""
    level = np.where(
        counts < 4, counts, (2 * np.log2(np.maximum(counts, 1).astype(np.float32))).astype(np.int64)
    )
    return np.minimum(level, most).astype(np.uint8)


def _share_bin(part: Ints, whole: Ints) -> Bins:
    """Bins of a share: 0 where there is nothing to share, then 1 for none up to 11 for all."""
    return np.where(whole > 0, 1 + (part * 10) // np.maximum(whole, 1), 0).astype(np.uint8)


def _tally(block: Ints, kind: Ints, blocks: int, kinds: int) -> Ints:
    """How often each kind occurs in each block."""
    return np.bincount(block * kinds + kind, minlength=blocks * kinds).reshape(blocks, kinds)


def _cues(
    tokens: Tokens, rows: NDArray[np.uint16]
) -> tuple[NDArray[np.float32], NDArray[np.float32], Flags]:
    """How often each cue occurs in each block; some of them outside quotations; what is quoted."""
    tables = lexicon()
    blocks = len(tokens.bounds) - 1
    kinds = tables.kinds.take(rows).astype(np.int64)
    is_quote = tokens.hashes == _QUOTE
    open_marks = np.concatenate(([0], np.cumsum(is_quote)))
    since = open_marks[:-1] - open_marks[tokens.bounds[:-1]].take(tokens.block)
    quoted = (since & 1).astype(bool) & ~is_quote
    spoken = np.flatnonzero(rows)
    clear = spoken[~quoted[spoken]]
    combinations = len(tables.cues)
    every = _tally(tokens.block[spoken], kinds[spoken], blocks, combinations)
    outside = _tally(tokens.block[clear], kinds[clear], blocks, combinations)
    named = (tokens.kinds == tk.CAPITALIZED) & (rows == 0)
    simile = np.zeros(len(rows), bool)
    simile[:-1] = tables.like.take(rows[:-1]) & tables.article.take(rows[1:])
    extra = [
        np.bincount(tokens.block[np.flatnonzero(flag)], minlength=blocks)
        for flag in (
            simile,
            named,
            tokens.kinds == tk.CAPITALIZED,
            tokens.kinds == tk.CAPITALS,
            tokens.kinds == tk.NUMBER,
            quoted,
            tables.function.take(rows),
        )
    ]
    counts = every.astype(np.float32) @ tables.cues
    chosen = [CUE_NAMES.index(name) for name in OUTSIDE]
    return (
        np.column_stack([counts, *extra]).astype(np.float32),
        outside.astype(np.float32) @ tables.cues[:, chosen],
        quoted,
    )


EXTRA_CUES = ("simile", "name", "capitalised", "capitals", "figure", "quoted", "function word")
_QUOTE, _COLON, _QUESTION = tk.hash_words(['"', ":", "?"])


def _window(counts: NDArray[np.float32], parts: Ints) -> tuple[NDArray[np.float32], Ints]:
    """Sums of the rows within `WINDOW` blocks on either side, in the same part; sizes apart."""
    total = np.zeros((len(counts) + 1, counts.shape[1]), np.float64)
    np.cumsum(counts, axis=0, out=total[1:])
    at = np.arange(len(counts))
    low = np.maximum(at - WINDOW, np.searchsorted(parts, parts))
    high = np.minimum(at + WINDOW + 1, np.searchsorted(parts, parts, side="right"))
    sums = total[high] - total[low]
    return sums[:, :-1].astype(np.float32), sums[:, -1].astype(np.int64)


# First and last tokens: kinds of word (0 to 3, as in `segmenter.tokens`), then these marks, then
# any other mark, then no token at all.
_EDGE_MARKS = [
    '"', "'", "(", ")", "[", "]", "-", "•", "*", "**", "#", "##", "@", "©", "<", ">", "|", ".", "!",
    "?", "…", ":", ";", ",", "/", "{", "=", "_", "&", "$",
]  # fmt: skip
_EDGE_HASHES = tk.hash_words(_EDGE_MARKS)
_EDGE_ORDER = np.argsort(_EDGE_HASHES)
EDGE_KINDS = 4 + len(_EDGE_MARKS) + 2


def _edge_kind(tokens: Tokens, place: Ints, exists: Flags) -> Bins:
    """The kind of the token at ``place``, one a block."""
    if len(tokens.kinds) == 0:
        return np.full(len(place), EDGE_KINDS - 1, np.uint8)
    place = np.where(exists, place, 0)
    kind = tokens.kinds[place].astype(np.int64)
    hashes = tokens.hashes[place]
    spot = np.minimum(np.searchsorted(_EDGE_HASHES[_EDGE_ORDER], hashes), len(_EDGE_MARKS) - 1)
    known = _EDGE_HASHES[_EDGE_ORDER[spot]] == hashes
    kind = np.where(kind == tk.MARK, np.where(known, 4 + _EDGE_ORDER[spot], EDGE_KINDS - 2), kind)
    return np.where(exists, kind, EDGE_KINDS - 1).astype(np.uint8)


SPEAKER = 8
"""A colon among the first tokens of a block, up to this one, may end a speaker's name."""


def _layout(
    tokens: Tokens, rows: NDArray[np.uint16], parts: Ints, size: Ints, quoted: Flags
) -> list[Bins]:
    """Length, edges, heading shape, speaker marks, repetition."""
    first, last = tokens.bounds[:-1], tokens.bounds[1:]
    words = tokens.kinds != tk.MARK
    capital = (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS)
    blocks = len(size)

    def per_block(flags: Flags) -> Ints:
        return np.bincount(tokens.block[np.flatnonzero(flags)], minlength=blocks)

    # A colon early in the block, and how often what stands before it opens a block of the part.
    colon = np.flatnonzero(tokens.hashes == _COLON)
    spot = colon - first[tokens.block[colon]]
    colon, spot = colon[spot <= SPEAKER], spot[spot <= SPEAKER]
    lead, at = np.unique(tokens.block[colon], return_index=True)
    colon_spot = np.zeros(blocks, np.int64)
    colon_spot[lead] = spot[at] + 1
    order = np.arange(len(words)) - first[tokens.block]
    weighted = tokens.hashes * (2 * order + 1).astype(np.uint64)
    total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(weighted)))
    salt = parts.astype(np.uint64) * _ODD[0]

    def opening(length: Ints) -> Hashes:
        hashed: Hashes = total[np.minimum(first + length, last)] - total[first]
        return hashed * _ODD[1] + salt

    speaker = np.where(colon_spot > 1, opening(colon_spot), 0)
    turns, again = _recurrence(speaker, colon_spot > 1)
    whole_before, whole_after = _repeats(opening(size), size > 0)
    head_before, head_after = _repeats(opening(np.full(blocks, 4)), size >= 4)
    start_count, start_again = _recurrence(opening(np.full(blocks, 2)), size >= 2)
    sentences = per_block(np.isin(tokens.hashes, _ENDERS[:6]))
    word_count, capital_count = per_block(words), per_block(words & capital)
    fused_opening = np.zeros(blocks, np.uint8)
    fused_opening[tokens.block[np.flatnonzero(tokens.fused & (order < 3))]] = 1
    return [
        _log_bin(size, 17),
        _edge_kind(tokens, first, size > 0),
        _edge_kind(tokens, first + 1, size > 1),
        _edge_kind(tokens, first + 2, size > 2),
        _edge_kind(tokens, last - 1, size > 0),
        _edge_kind(tokens, last - 2, size > 1),
        np.minimum(colon_spot, SPEAKER + 1).astype(np.uint8),
        _log_bin(turns, 7),
        again,
        _log_bin(start_count, 7),
        start_again,
        whole_before + 2 * whole_after,
        head_before + 2 * head_after,
        _share_bin(capital_count, word_count),
        _log_bin(np.where(sentences > 0, word_count // np.maximum(sentences, 1), 0), 13),
        _log_bin(sentences, 9),
        np.minimum(per_block(tokens.fused), 2).astype(np.uint8),
        fused_opening,
        # Heading shape: short, no sentence end; by the share of capitals.
        np.where(
            (word_count <= 16) & (sentences == 0), 1 + (3 * capital_count) // np.maximum(size, 1), 0
        ).astype(np.uint8),
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


def _groups(keys: Hashes, chosen: Flags) -> tuple[Ints, Ints, Ints]:
    """Blocks with equal keys: the chosen blocks ordered by key, then each one's group and spot."""
    picked = np.flatnonzero(chosen)
    order = picked[np.argsort(keys[picked], kind="stable")]
    fresh = np.ones(len(order), bool)
    fresh[1:] = keys[order[1:]] != keys[order[:-1]]
    return order, np.cumsum(fresh) - 1, np.flatnonzero(fresh)


def _recurrence(keys: Hashes, chosen: Flags) -> tuple[Ints, Bins]:
    """How many blocks have the key of each; and whether one of them is two or fewer away."""
    order, group, begin = _groups(keys, chosen)
    counts = np.zeros(len(keys), np.int64)
    near = np.zeros(len(keys), np.uint8)
    counts[order] = np.bincount(group, minlength=len(begin))[group]
    pair = np.flatnonzero((group[1:] == group[:-1]) & (np.diff(order) <= 2))
    near[order[pair]] |= 1
    near[order[pair + 1]] |= 2
    return counts, near


def _repeats(keys: Hashes, chosen: Flags) -> tuple[Bins, Bins]:
    """Whether an earlier block has the same key, and whether a later one has."""
    order, group, _ = _groups(keys, chosen)
    before, after = np.zeros(len(keys), np.uint8), np.zeros(len(keys), np.uint8)
    pair = np.flatnonzero(group[1:] == group[:-1])
    before[order[pair + 1]] = 1
    after[order[pair]] = 1
    return before, after


NEAR, FAR = 4, 8
"""Blocks this close are near each other; blocks further apart than the second are far."""

OFTEN = 4
"""A word that so many blocks have is one that the page is about."""

_NEVER = 1 << 30

_BLOCK_BITS, _TYPE_BITS = 20, 2


def _overlap(tokens: Tokens, rows: NDArray[np.uint16], parts: Ints) -> list[Bins]:
    """What a block's content words, names and figures share with other blocks of its part."""
    blocks = len(parts)
    first_of_sentence = _sentence_starts(tokens)
    capital = (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS)
    length = tokens.ends - tokens.starts
    content = np.flatnonzero(
        (tokens.kinds != tk.MARK)
        & ~lexicon().function.take(rows)
        & ((length > 3) | (tokens.kinds == tk.NUMBER) | (tokens.kinds == tk.CAPITALS))
    )
    kind = np.where(
        tokens.kinds[content] == tk.NUMBER,
        2,
        (capital[content] & ~first_of_sentence[content]).astype(np.int64),
    )
    block = tokens.block[content]
    salt = parts.astype(np.uint64) * _ODD[2]
    key = (tokens.hashes[content] + salt[block]) * _ODD[1]
    low = np.uint64(_BLOCK_BITS + _TYPE_BITS)
    packed = ((key >> low) << low) | ((block << _TYPE_BITS) | kind).view(np.uint64)
    packed.sort()
    word = packed >> low
    block = ((packed >> np.uint64(_TYPE_BITS)) & np.uint64((1 << _BLOCK_BITS) - 1)).view(np.int64)
    kind = (packed & np.uint64(3)).view(np.int64)
    fresh = np.ones(len(word), bool)
    fresh[1:] = word[1:] != word[:-1]
    begin = np.flatnonzero(fresh)
    group = np.cumsum(fresh) - 1
    lowest = block[begin][group]
    highest = block[np.append(begin[1:], len(word)) - 1][group] if len(word) else lowest
    # Distances to the last block before this one, and to the first behind it, with the same word.
    step = np.diff(block)
    before, behind = np.full((2, len(word)), _NEVER)
    same = np.flatnonzero(~fresh[1:] & (step > 0))
    before[same + 1] = step[same]
    behind[same] = step[same]
    # How many blocks have the word: more than a few for the words that the page is about.
    first_in_block = fresh.copy()
    first_in_block[1:] |= step > 0
    spread = np.add.reduceat(first_in_block, begin, dtype=np.int64)[group] if len(word) else lowest
    seen = {
        "earlier": block > lowest,
        "later": block < highest,
        "just before": before <= NEAR,
        "just behind": behind <= NEAR,
        "far": (block - lowest > FAR) | (highest - block > FAR),
        "often": spread >= OFTEN,
    }
    whole = _tally(block, kind, blocks, 3)
    columns = [_log_bin(whole.sum(1), 9)]
    for place in seen.values():
        at = np.flatnonzero(place)
        part = _tally(block[at], kind[at], blocks, 3)
        columns.append(_share_bin(part.sum(1), whole.sum(1)))
        columns += [_share_bin(part[:, k], whole[:, k]) for k in (1, 2)]
    return columns


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
