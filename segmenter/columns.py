"""The columns of blocks: small integers, each a binned count.

They tell of style (cues of the lexicon), of layout (length, edges, speaker marks, repetition), and
of what a block shares with the rest of its page.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from segmenter import tokens as tk
from segmenter.bins import (
    DENSITY_NAMES,
    LENGTH_NAMES,
    SHARE_NAMES,
    SHARES,
    Bins,
    by_length,
    density,
    per_block,
)
from segmenter.cues import EXTRA_CUES, OUTSIDE, cues
from segmenter.fused import FUSED
from segmenter.layout import EDGE_MARKS, LAYOUT, SURROUNDINGS, layout, surroundings
from segmenter.lexicon import CUE_NAMES
from segmenter.overlap import OVERLAP, overlap
from segmenter.tokens import Ints, Tokens

BINS = 40
"""Bins of a column, at most."""

NEIGHBOURS = (0, -1, 1)
"""The blocks whose columns speak for a block, by their distance from it: itself, then others."""


def columns_of(tokens: Tokens, rows: Ints, parts: Ints) -> Bins:
    """All columns, in the order of `column_names`.

    They are made one behind the other, a row each, and handed out as columns: so that each step
    here, and the sum over them in the model, runs through memory in order.
    """
    size = np.diff(tokens.bounds)
    (letters,) = per_block(tokens, tokens.kinds < tk.NUMBER)
    found, outside = cues(tokens, rows)
    return np.concatenate(
        [
            density(found, size),
            density(outside, size),
            np.stack(layout(tokens, rows, parts, size)),
            np.stack(surroundings(size, parts)),
            by_length(overlap(tokens, rows, parts, size), letters, SHARES),
        ]
    ).T


@cache
def column_names() -> tuple[str, ...]:
    """The name of each column of `Features.columns`."""
    return (
        *CUE_NAMES,
        *EXTRA_CUES,
        *(f"{name}, outside quotations" for name in OUTSIDE),
        *LAYOUT,
        *SURROUNDINGS,
        *OVERLAP,
    )


def bin_name(column: str, level: int) -> str:
    """What a bin of a column means, for people."""
    if column.endswith("token") or column == "last but one":
        names = ("word", "Word", "WORD", "figure", *EDGE_MARKS, "other mark", "none")
        return names[level]
    if column in OVERLAP:
        length, own = divmod(level, SHARES)
        told = str(own) if column == OVERLAP[0] else SHARE_NAMES[own]
        return f"{told} ({LENGTH_NAMES[length]} block)"
    if column == "fused word first":
        return FUSED[level]
    if column == "share of capitalised words":
        return SHARE_NAMES[level]
    return str(level) if column in (*LAYOUT, *SURROUNDINGS) else DENSITY_NAMES[level]
