from __future__ import annotations

from dataclasses import replace

from tests.training_pages import pages
from training.pages import LabelledPage
from training.variants import LONGEST_FRAGMENT, variants

PAGE = replace(
    pages()[0],
    segments=(
        ("boilerplate", "Menu\n\n"),
        ("original_report", "Ferry runs aground\n\n"),
        ("boilerplate", "Published on 3 May\n\n"),
        ("satirical_rewrite", "Folks, what a ferry!\n\nIt sat there like a cow.\n\n"),
        ("boilerplate", "Advertisement\n\n"),
        ("satirical_rewrite", "Stay tuned.\n\n"),
        ("original_report", "The ferry ran aground on Monday.\n\nNobody was hurt.\n\n"),
        ("boilerplate", "Related\n\n"),
        ("generated_interview", "Editor: Why?\n\nDr. Ost: Because of the sand.\n\n"),
        ("boilerplate", "Leave a comment"),
    ),
)


def many() -> list[LabelledPage]:
    return [variant for i in range(60) for variant in variants([replace(PAGE, id=f"p{i}")])]


def test_a_page_has_the_same_variants_whatever_the_others_are() -> None:
    alone = variants([PAGE])
    assert alone == variants([replace(PAGE, id="other"), PAGE])[-len(alone) :]


def test_variants_only_hold_lines_of_their_page_under_their_own_label() -> None:
    own = {(label, word) for label, text in PAGE.segments for word in text.lower().split()}
    for page in many():
        words = {(label, word) for label, text in page.segments for word in text.lower().split()}
        lost = {word for _, word in words - own}
        # Links may run together, and a page may be cut within a word.
        assert all(any(other in word or word in other for _, other in own) for word in lost)


def test_sections_change_places_and_the_headline_stays() -> None:
    orders = {
        tuple(label for label, _ in page.segments if label != "boilerplate")
        for page in many()
        if sorted(page.segments) == sorted(PAGE.segments) and page.segments != PAGE.segments
    }
    assert len(orders) > 1
    assert all(order[0] == "original_report" for order in orders)


def test_fragments_stand_alone_and_between_boilerplate() -> None:
    fragments = [
        page
        for page in many()
        if len({label for label, _ in page.segments} - {"boilerplate"}) == 1
        and sum(len(text.split("\n\n")) for _, text in page.segments) <= LONGEST_FRAGMENT + 8
    ]
    framed = [page for page in fragments if page.segments[0][0] == "boilerplate"]
    assert framed
    assert len(framed) < len(fragments)
