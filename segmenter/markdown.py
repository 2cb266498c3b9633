"""A page's kept blocks as Markdown: headings, lists, quotations, code, emphasis, links."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from segmenter.labels import Label
from segmenter.page import Page

if TYPE_CHECKING:
    from segmenter.html import HtmlBlock, Mark

_SPECIAL = re.compile(r"([\\`*_\[\]<])")
_LINE_START = re.compile(r"(?:#{1,6}|[-+>]|\d{1,9}[.)])(?=\s|$)")
_AROUND = {"strong": "**", "emphasis": "*", "code": "`"}
_TARGET = re.compile(r"(?:https?:|mailto:|/|\.|#|\?|[\w-]+(?:[/.?#]|$))", re.I)


def markdown(
    page: Page,
    keep: Collection[Label | str] | None = None,
    min_confidence: float = 0.0,
    links: bool = False,
) -> str:
    """The kept blocks of a page, with its headline and captions, in Markdown (CommonMark 0.31).

    A page that is no HTML has no markup to write: its text comes as `Page.clean` gives it.
    ``links``: whether links are written with their targets.
    """
    if not page.layout:
        return page.clean(keep, min_confidence)
    lines: list[str] = []
    before = ""
    numbers: dict[int, int] = {}
    for i in page.kept(keep, min_confidence, asides=True):
        place = page.layout[i]
        text = _inline(page.text, place, links)
        kind, line = _block(place, text, page.text[place.start : place.end], numbers)
        if place.goes_on and lines and before == kind:
            lines[-1] += " " + text
            continue
        if lines:
            tight = kind == before and kind in ("item", "code")
            if before == "code" and kind != "code":
                lines.append("```")
            lines += [] if tight else [""]
        if kind == "code" and before != "code":
            lines.append("```")
        lines.append(line)
        before = kind
    if before == "code":
        lines.append("```")
    return "\n".join(lines) + "\n" if lines else ""


def _block(place: HtmlBlock, text: str, plain: str, numbers: dict[int, int]) -> tuple[str, str]:
    """What kind of block it is in Markdown, and its line."""
    element, steps = place.element, 0
    quoted = ""
    kind, mark = "text", ""
    up = element
    while steps < 12:
        tag = up.tag
        if tag == "pre":
            return "code", plain.replace("```", "'''")
        if kind == "text" and len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            kind, mark = f"h{up.number}", "#" * int(tag[1]) + " "
        elif kind == "text" and tag == "li":
            kind, mark = "item", "- "
            if up.parent is not None and up.parent.tag == "ol":
                number = numbers.get(up.parent.number, 0) + 1
                numbers[up.parent.number] = number
                mark = f"{number}. "
        elif tag == "blockquote":
            quoted += "> "
        if up.parent is None:
            break
        up, steps = up.parent, steps + 1
    return kind, quoted + mark + text


def _inline(text: str, place: HtmlBlock, links: bool) -> str:
    """The block's text with its marks; characters that mean something in Markdown are escaped."""
    opens: dict[int, list[tuple[int, str]]] = {}
    closes: dict[int, list[tuple[int, str]]] = {}
    for mark in _nested(place, links):
        before, behind = _signs(mark)
        opens.setdefault(mark.start, []).append((-mark.end, before))
        closes.setdefault(mark.end, []).append((-mark.start, behind))
    pieces: list[str] = []
    last = place.start
    for at in sorted({*opens, *closes, place.end}):
        pieces.append(_SPECIAL.sub(r"\\\1", text[last:at]))
        pieces += (sign for _, sign in sorted(closes.get(at, ())))
        pieces += (sign for _, sign in sorted(opens.get(at, ())))
        last = at
    line = "".join(pieces)
    return "\\" + line if _LINE_START.match(line) else line


def _nested(place: HtmlBlock, links: bool) -> list[Mark]:
    """The marks of a block that lie one inside the other or apart, and say something here."""
    kept: list[Mark] = []
    open_marks: list[Mark] = []
    for mark in sorted(place.marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.kind == "link" and not (links and _TARGET.match(mark.target)):
            continue
        while open_marks and open_marks[-1].end <= mark.start:
            open_marks.pop()
        if any(o.end < mark.end or o.kind in (mark.kind, "code") for o in open_marks):
            continue
        open_marks.append(mark)
        kept.append(mark)
    return kept


def _signs(mark: Mark) -> tuple[str, str]:
    if mark.kind == "link":
        target = re.sub(r"[\s<>]", "", mark.target)
        return "[", f"](<{target}>)" if "(" in target or ")" in target else f"]({target})"
    return (_AROUND[mark.kind],) * 2
