"""Labelled pages in markup: every character and label stays, the markup varies."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from segmenter.html import read_html
from tests.training_pages import pages
from training.pages import LabelledPage
from training.render import generator, render

MANY = [page for page in pages() for _ in range(6)]


def ink(text: str) -> str:
    return "".join(text.replace("#", "").split())


@pytest.mark.parametrize("number", range(len(MANY)))
def test_every_character_keeps_its_label(number: int) -> None:
    page = MANY[number]
    random = generator(page)
    random.bit_generator.advance(1000 * number)
    rendered = render(page, random)
    expected, found = defaultdict(str), defaultdict(str)
    for label, text in page.segments:
        expected[label] += ink(text)
    for block, label in zip(rendered.page.blocks, rendered.labels, strict=True):
        found[label] += ink(rendered.page.text[block.start : block.end])
    assert found == expected


def test_a_page_is_rendered_the_same_each_time_and_pages_differ() -> None:
    first, second = pages()[0], pages()[4]
    assert render(first, generator(first)).source == render(first, generator(first)).source
    assert render(first, generator(first)).source != render(second, generator(second)).source


def test_no_element_alone_tells_the_label() -> None:
    """Articles have lists, links and quotations too, and prompts stand in plain paragraphs."""
    tags = defaultdict(set)
    linked = set()
    for number, page in enumerate(MANY * 4):
        random = generator(page)
        random.bit_generator.advance(1000 * number)
        rendered = render(page, random)
        for block, label in zip(rendered.page.blocks, rendered.labels, strict=True):
            tags[block.element.tag].add(label == "boilerplate")
            if block.linked:
                linked.add(label == "boilerplate")
    assert {tag for tag, kinds in tags.items() if len(kinds) == 2} >= {"p", "li", "div"}
    assert linked == {True, False}


def test_marks_in_the_text_do_not_become_markup() -> None:
    page = LabelledPage(
        "x", "authored:test", "w",
        (("original_report", "# A <b>bold</b> & odd title\nUse <script> tags, 3 < 4, he said.\n"),),
        {},
    )  # fmt: skip
    rendered = render(page, generator(page))
    text = re.sub(r"\s+", " ", rendered.page.text)
    assert "A <b>bold</b> & odd title" in text
    assert "Use <script> tags, 3 < 4, he said." in text
    assert read_html(rendered.source).text == rendered.page.text
