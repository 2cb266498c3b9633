"""Words that have run into the next at a block's opening: links of a section, and speakers."""

from __future__ import annotations

import numpy as np

from segmenter import tokens as tk
from segmenter.bins import Bins
from segmenter.tokens import Tokens

FUSED = ("no", "yes", "yes, a name before a colon")
"""What `fused_openings` tells of a block, for people."""

LINK, SPEAKER = 1, 2

LINK_ASKS = tk.hash_words(["linkasks"])[0]
"""What stands for the question mark of a link's headline: nobody is asked there."""

_COLON, _QUESTION = tk.hash_words([":", "?"])

_OPENING, _NAME = 3, 3
"""Tokens before a fused word that opens a block, and from it to a speaker's colon, at most."""


def fused_openings(tokens: Tokens) -> Bins:
    """Whether each block opens with a word that has run into the next, by `FUSED`: (blocks,).

    So does a link of a section's name and a headline, and so does a speaker whose name is written
    in one word.
    """
    found = np.zeros(len(tokens.bounds) - 1, np.uint8)
    fused = np.flatnonzero(tokens.fused)
    block = tokens.block[fused]
    early = fused - tokens.bounds[block] <= _OPENING
    fused, block = fused[early], block[early]
    near = fused[:, None] + np.arange(1, _NAME + 1)
    inside = near < tokens.bounds[block + 1][:, None]
    colon = inside & (tokens.hashes.take(near, mode="clip") == _COLON)
    found[block] = np.where(colon.any(axis=1), SPEAKER, LINK)
    return found


def part_links(tokens: Tokens) -> Tokens:
    """The tokens with `LINK_ASKS` for the question mark that ends a link."""
    links = np.flatnonzero(fused_openings(tokens) == LINK)
    last = tokens.bounds[links + 1] - 1
    last = last[tokens.hashes[last] == _QUESTION]
    if not len(last):
        return tokens
    hashes = tokens.hashes.copy()
    hashes[last] = LINK_ASKS
    return tokens._replace(hashes=hashes)
