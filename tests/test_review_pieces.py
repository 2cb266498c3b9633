from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter import Segmenter
from segmenter.errors import InputError
from segmenter.labelled import LabelledPage, to_segments
from segmenter.labels import Label
from segmenter.review import pieces as pc
from segmenter.review.pieces import Piece

LABELS = tuple(label.value for label in Label)
TEXT = "One two\n\nthree"


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        (None, "must be a list"),
        ([[0, 7]], "is no"),
        ([[0, 7, 3]], "is no"),
        ([[True, 7, LABELS[0]]], "is no"),
        ([[0, 7, "joke"]], "none of original_report"),
        ([[0, 7, LABELS[0]]], "from 7 to the end have no label"),
        ([[9, 14, LABELS[0]]], "from 0 to 9 have no label"),
        ([[0, 7, LABELS[0]], [6, 14, LABELS[0]]], "overlaps"),
        ([[0, 7, LABELS[0]], [9, 15, LABELS[0]]], "leaves the text"),
        ([[0, 7, LABELS[0]], [7, 9, LABELS[0]], [9, 14, LABELS[0]]], "white space alone"),
    ],
)
def test_what_is_no_cut_of_the_text_is_refused(blocks: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        pc.parse(TEXT, blocks, LABELS)


def test_pieces_are_parsed_without_white_space_at_their_edges() -> None:
    found = pc.parse(TEXT, [[0, 4, LABELS[0]], [4, 14, LABELS[1]]], LABELS)
    assert found == (Piece(0, 3, LABELS[0]), Piece(4, 14, LABELS[1]))


@given(st.text("ab \n", min_size=1, max_size=40), st.data())
def test_any_cut_survives_the_page_format(text: str, data: st.DataObject) -> None:
    marks = data.draw(st.sets(st.integers(0, len(text))))
    edges = sorted({0, len(text), *marks})
    raw = [
        [a, b, data.draw(st.sampled_from(LABELS))]
        for a, b in itertools.pairwise(edges)
        if text[a:b].strip()
    ]
    pieces = pc.parse(text, raw, LABELS)
    segments = to_segments(text, pieces)
    page = LabelledPage("a", "", segments, {"cuts": [piece.start for piece in pieces]})
    if pieces:
        assert page.text == text
        assert pc.of_labelled(page, ()) == pieces


def test_blocks_are_cut_where_a_given_label_changes(segmenter: Segmenter) -> None:
    page = LabelledPage("a", "", (("boilerplate", "Share this now, "), ("original_report", "ok.")))
    blocks = segmenter.segment(page.text).blocks
    assert len(blocks) == 1
    assert pc.of_labelled(page, blocks) == (
        Piece(0, 15, "boilerplate"),
        Piece(16, 19, "original_report"),
    )


def test_cuts_that_are_none_are_passed_over(segmenter: Segmenter) -> None:
    for cuts in ("x", [3, 1], [0, 99], [0, "1"], [-1]):
        page = LabelledPage("a", "", (("boilerplate", "Share\n\nPrint"),), {"cuts": cuts})
        found = pc.of_labelled(page, segmenter.segment(page.text).blocks)
        assert [(piece.start, piece.end) for piece in found] == [(0, 5), (7, 12)]


def test_versions_tell_states_apart() -> None:
    one = (Piece(0, 3, "x"),)
    assert pc.version(one, False) == pc.version((Piece(0, 3, "x"),), False)
    assert len({pc.version(one, False), pc.version(one, True), pc.version((), False)}) == 3


def test_agreement_counts_characters() -> None:
    mine = (Piece(0, 8, "x"), Piece(8, 10, "y"))
    assert pc.agreement(mine, (Piece(0, 4, "x"), Piece(4, 10, "y"))) == pytest.approx(0.6)
    assert pc.agreement(mine, mine) == 1
