"""The features of blocks, for many pages in one vectorised pass.

Two kinds of features are counted. *N-grams* are hashed: masked ones (names and figures replaced by
their kind) and plain words. *Columns* are small integers, each a binned count: cues of style,
layout, and what a block shares with the rest of its page; those of the blocks beside it are
features of a block too. Where on the page a block stands is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch
from segmenter import tokens as tk
from segmenter.bins import Bins, per_block
from segmenter.columns import columns_of
from segmenter.fused import part_links
from segmenter.lexicon import lexicon, look_up, sentence_starts
from segmenter.splitter import Spans, split_many
from segmenter.tokens import ODD, Hashes, Ints, Tokens

VERSION = 9
"""To be raised whenever the same text gives other features: models and counts tell by it."""

MASKED_BITS, WORD_BITS = 18, 17
"""The n-grams of a group are hashed to 2**bits buckets."""


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
    return take_apart(codes, kinds, bounds, spans)


def take_apart(
    codes: NDArray[np.uint32], kinds: NDArray[np.uint8], bounds: Ints, spans: Spans
) -> Batch:
    """The batch of texts whose blocks are known already.

    ``codes``, ``kinds``: as in `segmenter.tokens.tokenize`; ``bounds``: as in `Batch`.
    """
    tokens = part_links(tk.tokenize(codes, kinds, spans.starts))
    parts = np.repeat(np.arange(len(spans.counts)), spans.counts)
    return Batch(bounds, spans, tokens, features(tokens, kinds, parts))


def features(tokens: Tokens, kinds: NDArray[np.uint8], parts: Ints) -> Features:
    """The features of the blocks that ``tokens`` make up; ``parts`` as in `Features`.

    ``kinds``: as in `segmenter.tokens.tokenize`.
    """
    rows = look_up(tokens.hashes)
    masked, words = _grams(tokens, rows)
    known = _known(tokens, kinds, rows)
    return Features(masked, words, columns_of(tokens, rows, parts), parts, known)


def _known(tokens: Tokens, kinds: NDArray[np.uint8], rows: Ints) -> Ints:
    """Words and function words of each block; a letter of a script without spaces is a word."""
    letter = (kinds.take(tokens.starts) & ch.CLASS) == ch.SINGLE
    words = (tokens.kinds != tk.MARK) | letter
    return per_block(tokens, words, lexicon().function.take(rows)).T


NAME, _MONTH, _DAY, _BEGIN, _END, _SEAM, _NUMBER = tk.hash_words(
    ["aname", "amonth", "aday", "abegin", "anend", "aseam", "anumber"]
)


def mask(tokens: Tokens, rows: Ints) -> Hashes:
    """The hashes of the tokens with names, months, days and figures replaced by their kind.

    A capitalised word counts as a name inside a sentence, if it is in no list of the lexicon. A
    figure keeps its length.
    """
    tables = lexicon()
    hashes = tokens.hashes.copy()
    capital = (tokens.kinds == tk.CAPITALIZED) | (tokens.kinds == tk.CAPITALS)
    np.putmask(hashes, capital & (rows == 0) & ~sentence_starts(tokens, rows), NAME)
    figures = np.flatnonzero(tokens.kinds == tk.NUMBER)
    size = np.minimum(tokens.ends[figures] - tokens.starts[figures], 7).astype(np.uint64)
    hashes[figures] = _NUMBER + size
    np.putmask(hashes, tables.month.take(rows), _MONTH)
    np.putmask(hashes, tables.day.take(rows), _DAY)
    return hashes


def mask_name(masked: np.uint64) -> str:
    """What `mask` put in a token's place, for people."""
    names = {NAME: "⟨name⟩", _MONTH: "⟨month⟩", _DAY: "⟨day⟩"}
    return names[masked] if masked in names else f"⟨figure of {masked - _NUMBER}⟩"


def _grams(tokens: Tokens, rows: Ints) -> tuple[tuple[Grams, ...], tuple[Grams, ...]]:
    """The masked n-grams (one, two, three tokens; the last with a function word) and the words."""
    masked = mask(tokens, rows)
    kept = np.ones(len(masked), bool)
    kept[1:] = (masked[1:] != NAME) | (masked[:-1] != NAME) | tokens.fused[1:]
    kept[tokens.bounds[:-1][tokens.bounds[:-1] < len(masked)]] = True
    places = np.flatnonzero(kept)
    # Each block's tokens between a mark for its beginning and one for its end; a mark too before a
    # word that the one before it has run into.
    seam = tokens.fused.take(places)
    seams = np.concatenate(([0], np.cumsum(seam)))
    first = np.searchsorted(places, tokens.bounds)
    bounds = first + seams[first] + 2 * np.arange(len(first))
    block = tokens.block.take(places)
    spot = np.arange(len(places)) + seams[1:] + 2 * block + 1
    stream = np.full(bounds[-1], _SEAM)
    stream[spot] = masked[places]
    stream[bounds[:-1]], stream[bounds[1:] - 1] = _BEGIN, _END
    function = np.zeros(len(stream), bool)
    function[spot] = lexicon().function.take(rows[places])
    shift = np.uint64(64 - MASKED_BITS)

    ones = ((stream[spot] * ODD[0]) >> shift).view(np.int64)
    pair: Hashes = np.multiply(stream[:-1], ODD[1]) + np.multiply(stream[1:], ODD[2])
    inside = np.ones(len(pair), bool)
    inside[bounds[1:-1] - 1] = False
    two = np.flatnonzero(inside)
    three = np.flatnonzero(
        inside[:-1] & inside[1:] & (function[:-2] | function[1:-1] | function[2:])
    )
    triple: Hashes = pair[three] * ODD[0] + stream[three + 2]
    word = np.flatnonzero(tokens.kinds != tk.MARK)
    plain = ((tokens.hashes[word] * ODD[1]) >> np.uint64(64 - WORD_BITS)).view(np.int64)
    return (
        Grams(ones, first),
        Grams((pair[two] >> shift).view(np.int64), np.searchsorted(two, bounds)),
        Grams((triple >> shift).view(np.int64), np.searchsorted(three, bounds)),
    ), (Grams(plain, np.searchsorted(word, tokens.bounds)),)
