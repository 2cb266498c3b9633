"""Pages made to hurt: each must be read whole, and a step that is not linear would take hours."""

from __future__ import annotations

import json
import re
import sys
from types import FrameType

import pytest

from segmenter import Segmenter
from segmenter.html import LONGEST_PATH, read_html
from segmenter.limits import DEPTH, NAMES, bounded

N = 100_000


def hostile(n: int) -> dict[str, str]:
    """Pages made of ``n`` of something."""
    return {
        "nesting": "<div>" * n + "x",
        "nesting, with text": "<div>x" * n,
        "nesting that seems to close": "<div>" * n + "</x>" * n,
        "nesting of paragraphs": "<div><p>x" * n,
        "nesting of lists": "<ul><li>x" * n,
        "nesting of inline elements": "<span>" * n + "<p>x</p>" * n,
        "nesting closed crosswise": "<b><i><div>x" * n + "</b></i>" * n,
        "nesting of tables": "<table><tr><td>x" * (n // 4),
        "nesting of foreign elements": "<svg><foreignObject>" * n,
        "siblings": "<p>x" * (3 * n),
        "line breaks": "x<br>" * n + "<br>" * n,
        "line breaks in inline elements": "<code>" * 500 + "x<br>" * n,
        "formatting never closed": "".join(f"<p><b id={i}>x" for i in range(n // 4)),
        "formatting in tables": "<table>" + "x<b>" * n,
        "attributes": "<div " + " ".join(f"a{i}=1" for i in range(n)) + ">x",
        "attributes with signs in quotes": "<div "
        + " ".join(f'a{i}="><"' for i in range(n))
        + ">x",
        "one attribute": "<p class='" + "a " * (25 * n) + "'>x",
        "columns": "<table><tr><td colspan=9e15 rowspan=9e15>x</table>",
        "comments never closed": "<!--" * n,
        "scripts never closed": "<script><style>" * n,
        "NULs": "\0<p\0>x\0" * n,
        "entities": "&#x110000;&#xFFFFFFFFFFFF;&lt" * n,
        "one word": "x" * (50 * n),
        "links in one line": "<a href=x>y</a> " * (n // 2),
        "options": "<select><selectedcontent></selectedcontent><option>" + "<b>x" * n,
        "notices in notices": "<noscript>" * n + "x " * 300,
        "nesting in a notice": "<noscript>" + "x " * 300 + "<div>" * n + "</noscript>y",
        "quotation marks": '<p a="' * n,
        "signs": "<" * n,
        "unlike attributes": "".join(f"<p a{i}>y" for i in range(n)),
        "unlike names": "".join(f"<x{i} class=c{i}>y</x{i}>" for i in range(n)),
    }


HOSTILE = hostile(N)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_read(name: str) -> None:
    page = read_html(HOSTILE[name])
    edge = 0
    for block in page.blocks:
        assert edge <= block.start < block.end <= len(page.text)
        assert not page.text[edge : block.start].strip()
        edge = block.end
    assert not page.text[edge:].strip()


@pytest.mark.parametrize("name", ["nesting, with text", "line breaks", "one word", "unlike names"])
def test_hostile_pages_are_labelled(segmenter: Segmenter, name: str) -> None:
    page = segmenter.segment_html(HOSTILE[name][: 4 * N])
    assert page.blocks


def calls(html: str | bytes) -> int:
    """How many functions reading a page calls."""
    count = 0

    def tally(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tally)
    try:
        read_html(html)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_with_the_page(name: str) -> None:
    """Both sizes are beyond the bounds of `segmenter.limits`, where these pages have any."""
    read_html(hostile(100)[name])
    half, whole = (calls(hostile(n)[name]) for n in (1000, 2000))
    assert whole < 2.2 * half + 1000


@pytest.mark.parametrize("element", ["body", "div id=x"])
def test_what_is_told_of_a_page_grows_with_the_page(segmenter: Segmenter, element: str) -> None:
    def told(n: int) -> int:
        page = segmenter.segment_html(f"<{element} class='{'a.b ' * n}'>" + "<p>x" * n)
        return len(json.dumps(page.to_dict()))

    assert told(4000) < 2.2 * told(2000)


def test_inline_elements_are_known_by_their_tags_alone() -> None:
    page = read_html(f"<b class='{'a.b ' * 9}'><i>x")
    assert page.blocks[0].inner == ("b", "i")


def test_a_long_path_is_that_next_to_the_block(segmenter: Segmenter) -> None:
    page = segmenter.segment_html("<div class=outermost>" + "<div class=abcdefghij>" * 99 + "<p>x")
    path = page.layout[0].element.path
    assert len(path) < LONGEST_PATH + 5
    assert path.startswith("… > div.abcdefghij > ")
    assert path.endswith(" > p")


def test_a_million_siblings() -> None:
    page = read_html("<i>x</i>" * 999_000 + "<p>y" * 1_000)
    assert page.text.startswith("x" * 999_000)
    assert len(page.blocks) > 1_000


def test_fifty_megabytes_of_attributes() -> None:
    many = "<div " + "".join(f'a{i}="{"v" * 90}" ' for i in range(500_000)) + ">x</div><p>y"
    assert len(many) > 50_000_000
    page = read_html(many)
    assert page.text == "x\n\ny\n"


def test_frames_and_empty_bodies_have_no_blocks() -> None:
    for html in ("<frameset><frame src=a><frame src=b></frameset>", "<body></body>", "", "<html>"):
        assert read_html(html).blocks == ()


def test_mixed_encodings_lose_no_line() -> None:
    html = "<meta charset=utf-8><p>caf\u00e9".encode() + b"<p>caf\xe9<p>\xff\xfe<p>\x00\x81<p>end"
    found = read_html(html).text.split("\n\n")
    assert found[0] == "caf\u00e9"
    assert found[1].startswith("caf")
    assert found[-1] == "end\n"
    assert len(found) == 5


def test_tags_beyond_the_bounds_lose_their_markup_alone() -> None:
    page = read_html("<div>" * 2000 + "deep" + "</div>" * 2000 + "<p>behind")
    assert page.text == "deep\n\nbehind\n"
    steps, element = 0, page.blocks[0].element
    while element.parent is not None:
        steps, element = steps + 1, element.parent
    assert 400 < steps <= DEPTH


def test_unlike_names_beyond_the_bound_are_left_out() -> None:
    """The parser takes quadratic time in their number; the text stays."""
    elements = "".join(f"<x{i}>y</x{i}>" for i in range(20_000))
    attributes = "".join(f"<p a{i}=1>y</p>" for i in range(20_000))
    for html in (elements, attributes):
        cut = bounded(html.encode())
        assert 0.05 < len(cut) / len(html) < 0.8
        assert cut.count(b"y") == 20_000
        assert len(set(re.findall(rb"x\d+|a\d+", cut))) <= NAMES


def test_honest_pages_are_not_touched() -> None:
    html = b"<table><tr><td>" * 20 + b"<p>x" * 5000 + b"<li>y" * 5000 + b"<br><img src=x>" * 5000
    assert bounded(html) == html
    data = b'<div data-state="' + b"{'a': 1} " * 20_000 + b'">x</div>'
    assert bounded(data) == data
