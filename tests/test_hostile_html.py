"""Pages made to hurt: each must be read in time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from segmenter import Segmenter
from segmenter.html import read_html
from segmenter.limits import DEPTH, bounded

SECONDS = 20.0
"""Many times what any of these takes; a quadratic step would take minutes."""

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
    "siblings": "<p>x" * (10 * N),
    "line breaks": "x<br>" * N + "<br>" * N,
    "line breaks in inline elements": "<code>" * 500 + "x<br>" * N,
    "formatting never closed": "".join(f"<p><b id={i}>x" for i in range(N)),
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
    "quotation marks": '<p a="' * N,
    "signs": "<" * N,
    "unlike names": "".join(f"<x{i} class=c{i}>y</x{i}>" for i in range(N // 4)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_read_in_linear_time(name: str) -> None:
    began = time.perf_counter()
    page = read_html(HOSTILE[name])
    assert time.perf_counter() - began < SECONDS
    assert sum(block.end - block.start for block in page.blocks) <= len(page.text)


@pytest.mark.parametrize("name", ["nesting, with text", "line breaks", "one word", "unlike names"])
def test_hostile_pages_are_labelled(segmenter: Segmenter, name: str) -> None:
    began = time.perf_counter()
    page = segmenter.segment_html(HOSTILE[name][: 4 * N])
    assert time.perf_counter() - began < SECONDS
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
