"""Pages made to hurt: each must be read whole, and a step that is not linear would take hours."""

from __future__ import annotations

import pytest

from segmenter import Segmenter
from segmenter.html import read_html
from segmenter.limits import DEPTH, bounded

N = 100_000

HOSTILE = {
    "nesting": "<div>" * N + "x",
    "nesting, with text": "<div>x" * N,
    "nesting that seems to close": "<div>" * N + "</x>" * N,
    "nesting of paragraphs": "<div><p>x" * N,
    "nesting of lists": "<ul><li>x" * N,
    "nesting of inline elements": "<span>" * N + "<p>x</p>" * N,
    "nesting closed crosswise": "<b><i><div>x" * N + "</b></i>" * N,
    "nesting of tables": "<table><tr><td>x" * (N // 4),
    "nesting of foreign elements": "<svg><foreignObject>" * N,
    "siblings": "<p>x" * (3 * N),
    "line breaks": "x<br>" * N + "<br>" * N,
    "line breaks in inline elements": "<code>" * 500 + "x<br>" * N,
    "formatting never closed": "".join(f"<p><b id={i}>x" for i in range(N // 4)),
    "formatting in tables": "<table>" + "x<b>" * N,
    "attributes": "<div " + " ".join(f"a{i}=1" for i in range(N)) + ">x",
    "attributes with signs in quotes": "<div " + " ".join(f'a{i}="><"' for i in range(N)) + ">x",
    "one attribute": "<p class='" + "a " * (25 * N) + "'>x",
    "columns": "<table><tr><td colspan=9e15 rowspan=9e15>x</table>",
    "comments never closed": "<!--" * N,
    "scripts never closed": "<script><style>" * N,
    "NULs": "\0<p\0>x\0" * N,
    "entities": "&#x110000;&#xFFFFFFFFFFFF;&lt" * N,
    "one word": "x" * (50 * N),
    "links in one line": "<a href=x>y</a> " * (N // 2),
    "options": "<select><selectedcontent></selectedcontent><option>" + "<b>x" * N,
    "notices in notices": "<noscript>" * N + "x " * 300,
    "nesting in a notice": "<noscript>" + "x " * 300 + "<div>" * N + "</noscript>y",
    "quotation marks": '<p a="' * N,
    "signs": "<" * N,
    "unlike names": "".join(f"<x{i} class=c{i}>y</x{i}>" for i in range(N // 4)),
}


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


def test_tags_beyond_the_bounds_lose_their_markup_alone() -> None:
    page = read_html("<div>" * 2000 + "deep" + "</div>" * 2000 + "<p>behind")
    assert page.text == "deep\n\nbehind\n"
    steps = page.blocks[0].element.path.count(">")
    assert 400 < steps <= DEPTH


def test_honest_pages_are_not_touched() -> None:
    html = b"<table><tr><td>" * 20 + b"<p>x" * 5000 + b"<li>y" * 5000 + b"<br><img src=x>" * 5000
    assert bounded(html) == html
    data = b'<div data-state="' + b"{'a': 1} " * 20_000 + b'">x</div>'
    assert bounded(data) == data
