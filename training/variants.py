"""Pages as scrapes and extractors leave them, made from labelled pages, to train on as well.

Without them a model learns that a page begins and ends with boilerplate, that a report stands by
a comic piece, and that names are capitalised.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.damage import damaged
from training.pages import LabelledPage

SECTION = "section left out"

SHARES = {
    SECTION: 1 / 3,
    "boilerplate stripped": 1 / 6,
    "links run together": 1 / 6,
    "line breaks lost": 1 / 6,
    "lower case": 1 / 12,
    "cut in the middle": 1 / 12,
}
"""The share of the pages that has a variant of each kind; a page has one of them at most."""

REORDERED = 1 / 2
"""The share of the pages of several sections that has a variant with these in another order too."""

LONGEST_FRAGMENT = 5
"""Lines of the fragments that each page has as variants too, at most."""

LONGEST_FRAME = 2
"""Lines of boilerplate before a fragment, and behind it, at most."""

HEADLINE = 300
"""Characters up to which what a page begins with is its headline, which stays where it is."""

BOILERPLATE, COMIC = "boilerplate", "satirical_rewrite"

Segments = tuple[tuple[str, str], ...]


def variants(pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """The variants of pages; a page has the same ones whatever the others are."""
    found = []
    for page in pages:
        random = np.random.default_rng(zlib.crc32(page.id.encode()))
        kinds = [*SHARES, None]
        kind = kinds[random.choice(len(kinds), p=[*SHARES.values(), 1 - sum(SHARES.values())])]
        if kind is not None:
            variant = _section_left_out(page, random) if kind == SECTION else damaged(page, kind)
            found.append(variant)
        if random.random() < REORDERED:
            found.append(_reordered(page, random))
        found += _fragments(page, random)
    return [page for page in found if page.text.strip()]


def fragments(pages: Sequence[LabelledPage]) -> list[LabelledPage]:
    """Short pages: of each page some lines of each kind of text, perhaps between boilerplate."""
    return [
        fragment
        for page in pages
        for fragment in _fragments(page, np.random.default_rng(zlib.crc32(page.id.encode())))
    ]


def _texts(page: LabelledPage) -> list[str]:
    return sorted({label for label, _ in page.segments} - {BOILERPLATE})


def _section_left_out(page: LabelledPage, random: np.random.Generator) -> LabelledPage:
    texts = _texts(page)
    left_out = texts[random.integers(len(texts))] if texts else None
    return replace(page, segments=tuple(part for part in page.segments if part[0] != left_out))


def _reordered(page: LabelledPage, random: np.random.Generator) -> LabelledPage:
    """The page with its sections in another order; without any text if there is none."""
    head, *sections, tail = _sections(page.segments)
    if sections and sum(len(text) for _, text in sections[0]) <= HEADLINE:
        head += sections.pop(0)
    order = random.permutation(len(sections)).tolist()
    if order == sorted(order):
        return replace(page, segments=())
    parts = [head, *(sections[i] for i in order), tail]
    return replace(page, segments=tuple(piece for part in parts for piece in part))


def _sections(segments: Segments) -> list[Segments]:
    """Boilerplate at the page's head, each section with what leads to it, boilerplate at its end.

    >>> _sections((("boilerplate", "a"), ("x", "b"), ("boilerplate", "c"), ("y", "d")))
    [(('boilerplate', 'a'),), (('x', 'b'),), (('boilerplate', 'c'), ('y', 'd')), ()]
    """
    found: list[list[tuple[str, str]]] = [[]]
    label, waiting = None, []
    for part in segments:
        waiting.append(part)
        if part[0] == BOILERPLATE:
            continue
        if label is None:
            found[0], waiting = waiting[:-1], waiting[-1:]
        if part[0] == label:
            found[-1] += waiting
        else:
            found.append(waiting)
        label, waiting = part[0], []
    return [tuple(part) for part in [*found, waiting]]


def _fragments(page: LabelledPage, random: np.random.Generator) -> list[LabelledPage]:
    """A few lines of each kind of text, as pages of their own, perhaps between boilerplate.

    Not of a comic piece in a report's register: its lines alone are news to any reader, and to
    teach otherwise costs honest briefs.
    """
    found = []
    for label in _texts(page):
        if label == COMIC and "hard" in page.flags:
            continue
        sections = [text for own, text in page.segments if own == label and text.strip()]
        if sections:
            lines = _lines(sections[random.integers(len(sections))])
            first = int(random.integers(len(lines)))
            last = first + int(random.integers(1, LONGEST_FRAGMENT + 1))
            body = "".join(lines[first:last]).rstrip("\n") + "\n\n"
            parts = (*_frame(page, random), (label, body), *_frame(page, random))
            found.append(replace(page, segments=parts))
    return found


def _frame(page: LabelledPage, random: np.random.Generator) -> Segments:
    """Some lines of the page's boilerplate, or none."""
    lines = [line for own, text in page.segments if own == BOILERPLATE for line in _lines(text)]
    count = int(random.integers(LONGEST_FRAME + 1)) if lines else 0
    chosen = random.integers(len(lines), size=count).tolist() if count else []
    return tuple((BOILERPLATE, lines[i].rstrip("\n") + "\n\n") for i in chosen)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines(True) if line.strip()]
