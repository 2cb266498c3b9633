"""Cues of style: how often each occurs in a block."""

from __future__ import annotations

import numpy as np

from segmenter import tokens as tk
from segmenter.bins import Flags, per_block
from segmenter.lexicon import CUE_NAMES, lexicon
from segmenter.tokens import Ints, Tokens

OUTSIDE = ("you", "i", "we", "!", "?", "interjection", "show", "contraction", "attribution")
"""Cues that are counted outside quotations too."""

_QUOTE = tk.hash_words(['"'])[0]


def cues(tokens: Tokens, rows: Ints) -> tuple[Ints, Ints]:
    """How often each cue occurs in each block, and some of them outside quotations.

    int64 of shapes (cues, blocks): `CUE_NAMES` and `EXTRA_CUES`; and `OUTSIDE`.
    """
    tables = lexicon()
    blocks, names = len(tokens.bounds) - 1, len(CUE_NAMES)
    quoted = _quoted(tokens)
    # A word's lists come one behind the other, so fewer words are left for each further list.
    token = np.flatnonzero(rows)
    held, found = [], []
    for kinds in tables.cues:
        of_token = kinds.take(rows.take(token))
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
"""Cues that no list of words tells."""


def _tally(kind: Ints, block: Ints, kinds: int, blocks: int) -> Ints:
    """How often each kind occurs in each block: (kinds, blocks)."""
    return np.bincount(kind * blocks + block, minlength=kinds * blocks).reshape(kinds, blocks)
