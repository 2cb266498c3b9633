"""Text to blocks: lossless, and linear in the text.

A block is a line, with three exceptions that a page's text calls for: lines of hard-wrapped text
are joined into their paragraph, a line that is a wall of text is cut at sentence ends, and lines of
white space alone are no blocks.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch

WRAP_WIDTHS = (45, 100)
"""Columns between which the longest line of a hard-wrapped page lies."""

WRAPPED_SHARE = 0.6
"""Share of the long lines followed by another that must be full for a page to count as wrapped."""

WALL = 1200
"""A line of more characters than this is cut at sentence ends."""

PIECE = 300
"""Characters that a piece cut from a wall has at least, unless a turn of speech ends it."""

LONGEST = 4000
"""Characters that a piece has at most; one without a sentence end is cut at a space or anywhere."""

Ints = NDArray[np.int64]

# Anchored by the look-behinds, so that a long run of marks or blanks is scanned once.
_END = re.compile(
    r"""(?:(?<![.!?…])(?P<mark>[.!?…]++)|[。！？])['"”’»“)\]*]*+(?:\s++[»”“"](?=\s))?
        (?:\s++|(?<=[。！？]))(?=(?P<next>\S))
      | (?<=\s)(?=(?P<turn>\*\*\S[^*]{0,60}\*\*))""",
    re.VERBOSE,
)
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "sr",
        "jr",
        "vs",
        "etc",
        "no",
        "nos",
        "fig",
        "gen",
        "col",
        "lt",
        "sgt",
        "capt",
        "rep",
        "sen",
        "gov",
        "rev",
        "hon",
        "inc",
        "ltd",
        "co",
        "corp",
        "dept",
        "est",
        "al",
        "cf",
        "approx",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "mt",
        "ave",
        "blvd",
        "bros",
        "art",
        "vol",
        "pp",
        "ed",
        "eds",
        "ca",
        "hr",
        "hrs",
        "min",
        "tel",
        "mio",
        "mrd",
        "bzw",
        "ca",
        "kl",
        "nr",
        "p",
        "s",
    ]
)


class Spans(NamedTuple):
    """The blocks of many texts: offsets of each into its text, and how many blocks a text has."""

    starts: Ints
    ends: Ints
    counts: Ints


def split(text: str) -> list[tuple[int, int]]:
    r"""The ``(start, end)`` offsets of the blocks of one text, in order.

    >>> split("Menu\n\n Storm hits coast. \n")
    [(0, 4), (7, 24)]
    """
    codes = ch.codes(text)
    spans = split_many([text], codes, ch.kinds(codes), np.array([0, len(text)]))
    return list(zip(spans.starts.tolist(), spans.ends.tolist(), strict=True))


def split_many(
    texts: Sequence[str], codes: NDArray[np.uint32], kinds: NDArray[np.uint8], bounds: Ints
) -> Spans:
    """The blocks of ``texts``, as offsets into their concatenation.

    ``codes`` and ``kinds`` have the code point and the class byte of each character of the
    concatenation; ``bounds`` has where each text starts there, and the length of the whole.
    """
    starts, ends, parted = _lines(codes, kinds, bounds)
    joins = _wrapped(codes, kinds, starts, ends, parted, bounds)
    starts = starts[np.concatenate(([True], ~joins))[: len(starts)]]
    ends = ends[np.concatenate((~joins, [True]))[: len(ends)]]
    walls = np.flatnonzero(ends - starts > WALL)
    if len(walls):
        starts, ends = _cut_walls(texts, starts, ends, bounds, walls)
    page = np.searchsorted(bounds[1:], starts, side="right")
    return Spans(starts, ends, np.bincount(page, minlength=len(texts)))


def _lines(
    codes: NDArray[np.uint32], kinds: NDArray[np.uint8], bounds: Ints
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Lines with ink: start, end, and whether an empty line or the text's edge comes before."""
    ink = np.flatnonzero((kinds & ch.BLANK) == 0)
    breaks = np.flatnonzero((kinds & ch.BREAK) > 0)
    crlf = (codes[breaks] == 13) & (codes.take(breaks + 1, mode="clip") == 10)
    edges = np.sort(np.concatenate((breaks[~crlf] + 1, bounds)))
    edges = edges[np.diff(edges, prepend=-1) > 0]
    place = np.searchsorted(ink, edges)
    filled = np.flatnonzero(place[1:] > place[:-1])
    starts, ends = ink[place[filled]], ink[place[filled + 1] - 1] + 1
    parted = np.ones(len(starts), bool)
    page = np.searchsorted(bounds[1:], starts, side="right")
    parted[1:] = (np.diff(filled) > 1) | (np.diff(page) > 0)
    return starts, ends, parted


def _wrapped(
    codes: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    starts: Ints,
    ends: Ints,
    parted: NDArray[np.bool_],
    bounds: Ints,
) -> NDArray[np.bool_]:
    """For each line but the last, whether the next one goes on with its hard-wrapped paragraph.

    A line is full when the first word of the next would not have fitted behind it: what a program
    that wraps text at a fixed column leaves, and a list of short items does not.
    """
    widths = ends - starts
    joins = np.zeros(max(len(starts) - 1, 0), bool)
    candidates = np.flatnonzero(~parted[1:] & (widths[:-1] <= WRAP_WIDTHS[1]))
    if len(candidates) == 0:
        return joins
    page = np.searchsorted(bounds[1:], starts, side="right")
    column = np.zeros(len(bounds) - 1, np.int64)
    np.maximum.at(column, page, np.where(widths <= WRAP_WIDTHS[1], widths, 0))
    nexts = starts[candidates + 1]
    blank = np.append(np.flatnonzero((kinds & ch.BLANK) > 0), len(kinds))
    word = np.minimum(blank[np.searchsorted(blank, nexts)], ends[candidates + 1]) - nexts
    reach = column[page[candidates]]
    full = widths[candidates] + 1 + word > reach
    follows = widths[candidates] >= WRAPPED_SHARE * reach
    tally = np.bincount(page[candidates[follows]], minlength=len(column))
    tally_full = np.bincount(page[candidates[full]], minlength=len(column))
    long = np.bincount(page[widths > WRAP_WIDTHS[1]], minlength=len(column))
    wrapped = (
        (column >= WRAP_WIDTHS[0])
        & (tally_full >= np.maximum(3, WRAPPED_SHARE * tally))
        & (tally_full >= 4 * long)
    )
    listed = (codes[nexts] == ord("*")) | (codes[nexts] == ord("#")) | (codes[nexts] == ord("•"))
    joins[candidates] = full & wrapped[page[candidates]] & ~listed
    return joins


def _cut_walls(
    texts: Sequence[str], starts: Ints, ends: Ints, bounds: Ints, walls: Ints
) -> tuple[Ints, Ints]:
    """The blocks, with those at ``walls`` cut into pieces."""
    new_starts, new_ends, done = [], [], 0
    for wall in walls.tolist():
        page = int(np.searchsorted(bounds, starts[wall], side="right")) - 1
        base = int(bounds[page])
        pieces = _pieces(texts[page], int(starts[wall]) - base, int(ends[wall]) - base)
        new_starts += [starts[done:wall], np.array([start + base for start, _ in pieces])]
        new_ends += [ends[done:wall], np.array([end + base for _, end in pieces])]
        done = wall + 1
    return (
        np.concatenate([*new_starts, starts[done:]]),
        np.concatenate([*new_ends, ends[done:]]),
    )


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cuts ``text[start:end]`` at sentence ends; the pieces cover all its ink."""
    cuts = [start]
    for match in _END.finditer(text, start, end):
        if not match["turn"] and (match.end() - cuts[-1] < PIECE or not _ends_sentence(match)):
            continue
        _cut_long(text, cuts, match.end())
        cuts.append(match.end())
    _cut_long(text, cuts, end)
    cuts.append(end)
    pieces = []
    for a, b in itertools.pairwise(cuts):
        piece = text[a:b]
        if ink := piece.strip():
            a += len(piece) - len(piece.lstrip())
            pieces.append((a, a + len(ink)))
    return pieces


def _ends_sentence(match: re.Match[str]) -> bool:
    """Whether the mark of ``match`` ends a sentence, and not an abbreviation or an initial."""
    following, mark = match["next"], match["mark"]
    if following.islower() or mark in ("…", "..."):
        return False
    if mark != ".":
        return True
    before = match.string[max(match.start() - 12, 0) : match.start()]
    word = re.split(r"\W", before)[-1]
    return not (len(word) == 1 and word.isalpha()) and word.lower() not in _ABBREVIATIONS


def _cut_long(text: str, cuts: list[int], end: int) -> None:
    """Adds cuts up to ``end`` where what lies behind the last one is longer than a piece may be."""
    while end - cuts[-1] > LONGEST:
        space = max(text.rfind(blank, cuts[-1] + 1, cuts[-1] + LONGEST) for blank in " \t\u00a0")
        cuts.append(space + 1 if space > 0 else cuts[-1] + LONGEST)
