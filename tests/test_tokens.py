from __future__ import annotations

import numpy as np
import pytest

from segmenter import characters as ch
from segmenter import tokens as tk
from segmenter.splitter import split
from segmenter.tokens import hash_words, tokenize


def words(text: str) -> list[str]:
    codes = ch.codes(text)
    starts = np.array([start for start, _ in split(text)], np.int64)
    tokens = tokenize(codes, ch.kinds(codes), starts)
    return [text[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]


def test_words_numbers_and_marks() -> None:
    assert words("It’s 3,5 %: don't “pay” 1.840 euros...") == [
        "It’s", "3,5", "%", ":", "don't", "“", "pay", "”", "1.840", "euros", "...",
    ]  # fmt: skip


def test_letters_of_scripts_without_spaces_are_tokens() -> None:
    assert words("東京で") == ["東", "京", "で"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("“", '"'),
        ("«", '"'),
        ("’", "'"),
        ("—", "-"),
        ("--", "–"),
        ("…", "..."),
        ("don’t", "don't"),
        ("１２", "12"),
        ("cafe\u0301", "café"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_tokens_that_count_as_the_same(one: str, other: str) -> None:
    assert hash_words([one]) == hash_words([other])


def test_other_tokens_differ() -> None:
    every = [
        "a",
        "b",
        "ab",
        "ba",
        "1",
        "11",
        "!",
        "!!",
        "?",
        "…",
        ".",
        "-",
        "*",
        "**",
        "й",
        "и",
        "東",
    ]
    hashes = hash_words(every)
    assert len(np.unique(hashes)) == len(set(every)) - 1  # "й" folds to "и"


def test_a_token_has_the_same_hash_wherever_it_stands() -> None:
    text = "\n".join(["bridge", "the bridge", "a" * 3000 + " bridge"])
    codes = ch.codes(text)
    starts = np.array([start for start, _ in split(text)], np.int64)
    tokens = tokenize(codes, ch.kinds(codes), starts)
    found = [
        hashed
        for a, b, hashed in zip(tokens.starts, tokens.ends, tokens.hashes, strict=True)
        if text[a:b] == "bridge"
    ]
    assert len(found) == 3
    assert len(set(found)) == 1


def test_kinds_of_tokens() -> None:
    text = "the NATO Summit 2024 !"
    codes = ch.codes(text)
    kinds = tokenize(codes, ch.kinds(codes), np.array([0])).kinds.tolist()
    assert kinds == [tk.LOWER, tk.CAPITALS, tk.CAPITALIZED, tk.NUMBER, tk.MARK]


def test_words_that_ran_together_are_parted() -> None:
    text = "SportThe coach ShareTweet Published3. May 2024Read WhatsApp B2B 10th McDonald COVID"
    codes = ch.codes(text)
    tokens = tokenize(codes, ch.kinds(codes), np.array([0]))
    words = [text[a:b] for a, b in zip(tokens.starts, tokens.ends, strict=True)]
    assert " ".join(words) == (
        "Sport The coach Share Tweet Published 3 . May 2024 Read WhatsApp B2B 10th McDonald COVID"
    )
    fused = [word for word, seam in zip(words, tokens.fused, strict=True) if seam]
    assert fused == ["The", "Tweet", "3", "Read"]
