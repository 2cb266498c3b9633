from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.splitter import LONGEST, WALL, split

PARAGRAPH = (
    "The ferry to the islands stayed in port on Monday because its captain had lost the key to the "
    "bridge. It was found at noon, in the captain's other coat, by a deckhand who was asked not to "
    "tell anyone. He told the newspaper, the harbour office and his aunt within the hour."
)


def texts(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


# Line ends, blanks and odd characters turn up more often than in text drawn at random.
shapes = st.text(
    st.one_of(
        st.sampled_from("\n\r\t .!?*:ab\u2028\u2029\x0c\xa0\u200b\ufeff\x85"), st.characters()
    )
)


@given(shapes)
def test_blocks_come_in_order_and_cover_all_ink(text: str) -> None:
    spans = split(text)
    edges = [0]
    for start, end in spans:
        assert start >= edges[-1]
        assert start < end <= len(text)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        assert not text[edges[-1] : start].strip()
        edges.append(end)
    assert not text[edges[-1] :].strip()


def test_a_line_is_a_block_with_and_without_empty_lines_between() -> None:
    assert texts("Menu\nHome\n\nStorm hits coast\n\n\nBy A. Writer") == [
        "Menu",
        "Home",
        "Storm hits coast",
        "By A. Writer",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0c", "\x85", "\x0b"])
def test_every_kind_of_line_end(end: str) -> None:
    assert texts(f"one{end}two{end}{end}three") == ["one", "two", "three"]


def test_other_blanks_do_not_end_a_block() -> None:
    assert texts("\xa0 10\xa0000 euros \u200b") == ["10\xa0000 euros \u200b"]


@pytest.mark.parametrize("width", [60, 66, 72, 80])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hard_wrapped_lines_are_joined_into_their_paragraphs(width: int, end: str) -> None:
    paragraphs = [PARAGRAPH, PARAGRAPH.replace("ferry", "tram"), PARAGRAPH.replace("key", "map")]
    wrapped = (end * 2).join(textwrap.fill(p, width).replace("\n", end) for p in paragraphs)
    text = f"Ferry stays in port{end}{end}{wrapped}{end}"
    found = [" ".join(block.split()) for block in texts(text)]
    assert found == ["Ferry stays in port", *paragraphs]


def test_short_lines_and_lists_are_not_joined() -> None:
    menu = ["Home", "World news", "Sport", "Weather", "- ferries", "- trams", "Log in"]
    assert texts("\n".join(menu)) == menu


def test_headlines_of_like_length_are_not_joined() -> None:
    headlines = [
        "Minister opens the new bridge over the river at Tarn for the second time",
        "Bakers in three towns say the price of butter has never been so high",
        "A dog that rode the night train to the capital is back with its owner",
        "Court adjourns the case of the missing church bells until after Easter",
    ]
    assert texts("\n".join(headlines)) == headlines


def test_a_wall_of_text_is_cut_at_sentence_ends_only() -> None:
    sentence = (
        "At 3.15 p.m. Dr. J. K. Brandt of St. Mary's paid 4.50 euros to Mr. Oduya vs. the bank. "
    )
    pieces = texts(sentence * 40)
    assert len(pieces) > 5
    assert all(piece.startswith("At 3.15") and piece.endswith("bank.") for piece in pieces)


def test_a_wall_is_cut_behind_closing_quotation_marks() -> None:
    wall = "“We did not know,” he said. “Nobody told us anything at all about it.” " * 40
    assert all(p[0] == "“" and p.endswith((".”", "said.")) for p in texts(wall))
    translated = "He said « we did not know anything about it at all ». She left the room. " * 40
    assert all(p[0] in "HS" and p[-1] in ".»" for p in texts(translated))


def test_turns_of_speech_in_a_wall_are_blocks_of_their_own() -> None:
    turns = "**Host:** Is it true? **Dr. Marr:** It may be, in part. " * 40
    assert texts(turns)[:2] == ["**Host:** Is it true?", "**Dr. Marr:** It may be, in part."]


def test_paragraphs_that_are_merely_long_stay_whole() -> None:
    long = (PARAGRAPH + " ") * 4
    assert len(long) < WALL
    assert texts(long) == [long.strip()]


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "word " * 200_000,
        "." * 500_000,
        "a" + " " * 1_000_000 + "b",
        "** " * 300_000,
    ],
)
def test_no_block_is_longer_than_told(text: str) -> None:
    assert max(end - start for start, end in split(text)) <= LONGEST
