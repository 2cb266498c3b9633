"""Writes ``segmenter/characters.npz``, the tables of `segmenter.characters`.

Run ``python -m training.characters`` after a change here, then ``make train``: the tables are part
of the features.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from segmenter import characters as ch

TARGET = Path(ch.__file__).with_name("characters.npz")

# Unicode scatters these over several categories.
APOSTROPHES = "'`´‘’‚‛′‹›ʹʻʼ＇"
QUOTES = '"“”„‟″«»〝〞「」『』＂'
BULLETS = "•·▪▫●○◦‣∙■□◆►▶★☆✓✔➤→»"
SPACELESS = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "YI ")


def fold(char: str) -> int:
    """The code that ``char`` counts as."""
    category = unicodedata.category(char)
    if char in QUOTES:
        return ch.QUOTE
    if char in APOSTROPHES:
        return ch.APOSTROPHE
    if category == "Pd" or char == "−":
        return ch.DASH
    if char in BULLETS:
        return ch.BULLET
    if char == "…":
        return ch.ELLIPSIS
    if category == "Nd":
        return ord("0") + unicodedata.digit(char)
    base = unicodedata.normalize("NFKD", char)[0]
    if char.isalpha() and base.isalpha():
        base = base.lower()[0]
    return ord(base) if ord(base) < ch.ASTRAL else ch.ASTRAL


def kind(char: str) -> int:
    """The class byte of ``char``."""
    category = unicodedata.category(char)
    if char.isspace():
        return ch.SPACE | ch.BLANK | (ch.BREAK if len(f"a{char}b".splitlines()) == 2 else 0)
    if category in ("Mn", "Me", "Cf"):
        return ch.IGNORED
    if category in ("Cc", "Cn", "Cs"):
        return ch.SPACE
    if category == "Nd":
        return ch.DIGIT
    if char.isalpha() or category == "Mc":
        if unicodedata.name(char, "").startswith(SPACELESS):
            return ch.SINGLE
        return ch.LETTER | (ch.UPPER if category in ("Lu", "Lt") else 0)
    return ch.MARK


def main() -> None:
    """Compute and write both tables."""
    every = [chr(code) for code in range(ch.ASTRAL)]
    kinds = np.array([*(kind(char) for char in every), ch.MARK], np.uint8)
    folds = np.array([*(fold(char) for char in every), ch.ASTRAL], np.uint16)
    np.savez_compressed(TARGET, kind=kinds, fold=folds)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, Unicode {unicodedata.unidata_version}")


if __name__ == "__main__":
    main()
