"""Our labelled pages as HTML, in varied markup of our own.

So comic rewrites and interviews occur in pages with markup too.

What is the page's (menus, bylines, prompts) is put into elements of the kinds that sites use for
it, runs of the article into containers; names of classes are drawn from lists, and left out in some
pages, so that no one name tells the label. Neither does an element alone: articles have lists,
quotations and links too, and prompts stand in plain paragraphs.
"""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from segmenter.html import HtmlPage, read_html
from training.pages import LabelledPage

_ARTICLE = ("article-body", "entry-content", "post__content", "story", "content", "text", "td-post")
_OUTER = ("article", "main", "div", "section")
_CHROME = (
    ("nav", "menu"), ("header", "site-header"), ("div", "breadcrumbs"), ("aside", "sidebar"),
    ("div", "share"), ("div", "related-posts"), ("footer", "footer"), ("div", "post-meta"),
    ("div", "widget"), ("section", "newsletter"), ("div", "tags"),
)  # fmt: skip
_WITHIN = (
    ("div", "meta"), ("aside", "related"), ("div", "ad"), ("div", "promo"), ("p", ""), ("p", ""),
)  # fmt: skip
_WRAPPERS = (
    "page",
    "wrapper",
    "container",
    "row",
    "col-md-8",
    "content",
    "main",
    "inner",
    "layout",
)
_LISTED = 25
"""Words of a line of an article that a list may hold."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as HTML: its source, how it is read, and the label of each of its blocks."""

    source: str
    page: HtmlPage
    labels: tuple[str, ...]


def render(page: LabelledPage, random: Generator) -> Rendered:
    """``page`` in markup drawn by ``random``."""
    lines = [
        (label, line.strip())
        for label, text in page.segments
        for line in text.splitlines()
        if line.strip()
    ]
    inner = [i for i, (label, _) in enumerate(lines) if label != "boilerplate"]
    first, last = (inner[0], inner[-1]) if inner else (len(lines), -1)
    named = random.random() < 0.7
    title = next((text for label, text in lines if label == "original_report"), "")
    out = [f"<!doctype html><html><head><title>{html.escape(title)}</title></head><body>"]
    for _ in range(random.integers(5)):
        out.append(_open("div", _WRAPPERS, named, random))
    outer = _OUTER[random.integers(len(_OUTER))]
    style = int(random.integers(3))
    runs = itertools.groupby(enumerate(lines), key=lambda item: item[1][0] == "boilerplate")
    opened = False
    for is_chrome, run in runs:
        items = list(run)
        place = items[0][0]
        if not is_chrome:
            if not opened:
                out.append(_open(outer, _ARTICLE, named, random))
                opened = True
            out += _article([(line, i == first) for i, (_, line) in items], style, random)
            continue
        inside = first < place < last
        kinds = _WITHIN if inside else _CHROME
        if not inside and opened:
            out.append(f"</{outer}>")
            opened = False
        tag, name = kinds[random.integers(len(kinds))]
        texts = [html.escape(line) for _, (_, line) in items]
        out.append(f'<{tag} class="{name}">' if named and name else f"<{tag}>")
        if tag == "p" or random.random() < 0.3:
            out.append("<br>".join(texts))
        elif random.random() < 0.6:
            out += ["<ul>", *(f"<li>{_linked(t, 0.8, random)}</li>" for t in texts), "</ul>"]
        else:
            out += [f"<div>{_linked(t, 0.5, random)}</div>" for t in texts]
        out.append(f"</{tag}>")
    out.append("</body></html>")
    source = "\n".join(out)
    found = read_html(source)
    return Rendered(source, found, _labels(found, lines))


def _open(tag: str, names: tuple[str, ...], named: bool, random: Generator) -> str:
    return f'<{tag} class="{names[random.integers(len(names))]}">' if named else f"<{tag}>"


def _linked(text: str, share: float, random: Generator) -> str:
    return f'<a href="/{random.integers(999)}">{text}</a>' if random.random() < share else text


def _article(lines: list[tuple[str, bool]], style: int, random: Generator) -> list[str]:
    """A run of an article's lines, each with whether it is the headline."""
    out = []
    groups = itertools.groupby(
        lines, key=lambda item: not item[1] and len(item[0].split()) <= _LISTED
    )
    for is_short, group in groups:
        run = list(group)
        if is_short and len(run) >= 2 and random.random() < 0.3:
            tag = "ul" if random.random() < 0.7 else "ol"
            items = (_inner(line, random) for line, _ in run)
            out += [f"<{tag}>", *(f"<li>{item}</li>" for item in items), f"</{tag}>"]
        else:
            out += [_paragraph(line, headline, style, random) for line, headline in run]
    return out


def _inner(line: str, random: Generator) -> str:
    """A line with, now and then, some of its words in a link or emphasised."""
    words = (line.lstrip("#").strip() or line).split()
    draw = random.random()
    if draw < 0.25 and len(words) > 4:
        low = int(random.integers(len(words) - 2))
        high = low + 1 + int(random.integers(4))
        before, chosen, behind = words[:low], words[low:high], words[high:]
        tag, opening = ("a", '<a href="/story">') if draw < 0.2 else ("strong", "<strong>")
        marked = f"{opening}{html.escape(' '.join(chosen))}</{tag}>"
        parts = (html.escape(" ".join(before)), marked, html.escape(" ".join(behind)))
        return " ".join(part for part in parts if part)
    text = html.escape(" ".join(words))
    return f"<em>{text}</em>" if draw > 0.96 else text


def _paragraph(line: str, headline: bool, style: int, random: Generator) -> str:
    text = html.escape(line.lstrip("#").strip() or line)
    if headline and random.random() < 0.8:
        return f"<h1>{text}</h1>"
    short = len(line.split()) <= 12 and not line.endswith((".", ",", "”", '"', "?"))
    if line.startswith("#") or (short and random.random() < 0.5):
        return f"<h{2 + style}>{text}</h{2 + style}>"
    text = _inner(line, random)
    if random.random() < 0.04:
        return f"<blockquote><p>{text}</p></blockquote>"
    return f"<div>{text}</div>" if style == 1 else f"<p>{text}</p>"


def _labels(page: HtmlPage, lines: list[tuple[str, str]]) -> tuple[str, ...]:
    """The label of each block: that of the line in which its first character is.

    Rendering keeps the ink of the lines in order, except marks at a heading's beginning.
    """
    owner: list[str] = []
    for label, line in lines:
        text = line if label == "boilerplate" else (line.lstrip("#").strip() or line)
        owner += [label] * len("".join(text.split()))
    labels, at = [], 0
    for block in page.blocks:
        labels.append(owner[min(at, len(owner) - 1)])
        at += len("".join(page.text[block.start : block.end].split()))
    if at != len(owner):
        raise ValueError("the rendered page does not hold the text of the labelled one")
    return tuple(labels)


def generator(page: LabelledPage) -> Generator:
    """The random numbers of a page, the same at each call."""
    return np.random.default_rng(list(page.id.encode()))
