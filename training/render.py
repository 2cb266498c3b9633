"""Our labelled pages as HTML, in varied markup of our own.

So comic rewrites and interviews occur in pages with markup too.

What is the page's (menus, bylines, prompts) is put into elements of the kinds that sites use for
it, runs of the article into containers; names of classes are drawn from lists, and left out in some
pages, so that no one name tells the label.
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
_WITHIN = (("div", "meta"), ("aside", "related"), ("div", "ad"), ("div", "promo"), ("p", ""))


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
            for i, (_, line) in items:
                out.append(_paragraph(line, i == first, style, random))
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


def _paragraph(line: str, headline: bool, style: int, random: Generator) -> str:
    text = html.escape(line.lstrip("#").strip() or line)
    if headline and random.random() < 0.8:
        return f"<h1>{text}</h1>"
    short = len(line.split()) <= 12 and not line.endswith((".", ",", "”", '"', "?"))
    if line.startswith("#") or (short and random.random() < 0.5):
        return f"<h{2 + style}>{text}</h{2 + style}>"
    if random.random() < 0.05:
        text = f"<em>{text}</em>"
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
