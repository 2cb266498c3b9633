"""What scrapes and extractors do to pages: each function damages one part of a page's text.

The damage keeps labels: it is done to each labelled segment. `DAMAGES` names all kinds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from training.pages import LabelledPage

Segments = tuple[tuple[str, str], ...]
Random = np.random.Generator

_QUOTES = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"}
_FREQUENT = 0.02
"""Share of the letters that a typing slip changes."""


def _each(change: Callable[[str], str]) -> Callable[[Segments, Random], Segments]:
    return lambda segments, _: tuple((label, change(text)) for label, text in segments)


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _straight(text: str) -> str:
    return "".join(_QUOTES.get(char, char) for char in text)


def _curly(text: str) -> str:
    text = re.sub(r'(^|[\s(\[])"', r"\1“", text, flags=re.M)
    return text.replace('"', "”").replace("'", "’")


def _other_quotes(text: str) -> str:
    return _straight(text) if any(quote in text for quote in _QUOTES) else _curly(text)


def _slips(segments: Segments, random: Random) -> Segments:
    def slip(text: str) -> str:
        chars = list(text)
        for i in np.flatnonzero(random.random(len(chars)) < _FREQUENT).tolist():
            if i + 1 < len(chars) and chars[i].isalpha() and chars[i + 1].isalpha():
                chars[i], chars[i + 1] = chars[i + 1], chars[i]
        return "".join(chars)

    return tuple((label, slip(text)) for label, text in segments)


def _blocks_dropped(segments: Segments, random: Random) -> Segments:
    return tuple(
        (label, "".join(line for line in text.splitlines(True) if random.random() > 0.2))
        for label, text in segments
    )


def _cut(segments: Segments, _: Random) -> Segments:
    left = sum(len(text) for _, text in segments) // 2
    kept = []
    for label, text in segments:
        if left > 0:
            kept.append((label, text[:left]))
        left -= len(text)
    return tuple(kept)


def _no_boilerplate(segments: Segments, _: Random) -> Segments:
    return tuple((label, text) for label, text in segments if label != "boilerplate")


DAMAGES: dict[str, Callable[[Segments, Random], Segments]] = {
    "lower case": _each(str.lower),
    "accents lost": _each(_without_accents),
    "line breaks lost": _each(lambda text: re.sub(r"\s*\n\s*", " ", text)),
    "single line breaks": _each(lambda text: re.sub(r"\n\s*\n", "\n", text)),
    "a fifth of the lines dropped": _blocks_dropped,
    "cut in the middle": _cut,
    "typing slips": _slips,
    "quotation marks exchanged": _each(_other_quotes),
    "boilerplate stripped": _no_boilerplate,
}


def damaged(page: LabelledPage, kind: str, seed: int = 0) -> LabelledPage:
    """The page with one kind of damage; the same every time."""
    random = np.random.default_rng([seed, len(page.text)])
    segments = tuple(part for part in DAMAGES[kind](page.segments, random) if part[1])
    return replace(page, segments=segments)
