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
    "line breaks lost": 1 / 12,
    "lower case": 1 / 12,
    "cut in the middle": 1 / 12,
}
"""The share of the pages that has a variant of each kind; a page has one of them at most."""

LONGEST_FRAGMENT = 5
"""Lines of the fragment that each page has as a variant too."""


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
        found.append(_fragment(page, random))
    return [page for page in found if page.text.strip()]


def _texts(page: LabelledPage) -> list[str]:
    return sorted({label for label, _ in page.segments} - {"boilerplate"})


def _section_left_out(page: LabelledPage, random: np.random.Generator) -> LabelledPage:
    texts = _texts(page)
    left_out = texts[random.integers(len(texts))] if texts else None
    return replace(page, segments=tuple(part for part in page.segments if part[0] != left_out))


def _fragment(page: LabelledPage, random: np.random.Generator) -> LabelledPage:
    """A few lines of one section, as a page of its own."""
    sections = [part for part in page.segments if part[0] != "boilerplate"]
    if not sections:
        return replace(page, segments=())
    label, text = sections[random.integers(len(sections))]
    lines = [line for line in text.splitlines(True) if line.strip()]
    first = int(random.integers(len(lines)))
    last = first + int(random.integers(1, LONGEST_FRAGMENT + 1))
    return replace(page, segments=((label, "".join(lines[first:last])),))
