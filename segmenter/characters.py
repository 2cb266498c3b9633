"""What each character is: its class, and the character that it counts as.

Two tables over the Basic Multilingual Plane answer for every character in one lookup. They are
computed once by ``training/characters.py`` from the Unicode database and shipped as data, so that
labels do not depend on the Unicode version of the Python that runs them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SPACE, LETTER, DIGIT, MARK, SINGLE, IGNORED = range(6)
"""Classes. SINGLE is a letter of a script written without spaces: a token of its own. IGNORED
characters (combining marks, zero-width characters, soft hyphens) are passed over in tokens."""

CLASS, UPPER, BLANK, BREAK = 7, 8, 16, 32
"""The class byte: a mask for the class, then a bit each for upper-case letters, for white space (as
`str.isspace` has it), and for characters that end a line (as `str.splitlines` has it)."""

ASTRAL = 0xFFFF
"""The code that stands for every character beyond the Basic Multilingual Plane."""

QUOTE, APOSTROPHE, DASH, ELLIPSIS, BULLET = (ord(c) for c in "\"'-…•")
"""The codes that all kinds of quotation marks, apostrophes, dashes, ellipses, bullets fold to."""


WORD = 1
"""The run code of letters and digits in `Tables.run`; that of white space is 0."""


class Tables(NamedTuple):
    """Answers for each code: its class byte, the code it counts as, and the code of its run.

    A token is a run of characters that share a run code; marks and letters of scripts without
    spaces have their folded code for one. Types: uint8, uint16, uint16.
    """

    kind: NDArray[np.uint8]
    fold: NDArray[np.uint16]
    run: NDArray[np.uint16]


@cache
def tables() -> Tables:
    """The tables, read from the package once."""
    with np.load(Path(__file__).with_name("characters.npz"), allow_pickle=False) as data:
        kind, fold = data["kind"], data["fold"]
    group = kind & np.uint8(CLASS)
    run = np.where(group == SPACE, np.uint16(0), fold)
    np.putmask(run, (group == LETTER) | (group == DIGIT), WORD)
    return Tables(kind, fold, run)


def codes(text: str) -> NDArray[np.uint32]:
    """The code points of ``text``, one an element, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def kinds(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The class byte of each code point."""
    return tables().kind.take(points, mode="clip")
