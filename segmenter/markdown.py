"""A page's kept blocks as Markdown: headings, lists, quotations, code, emphasis, links."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from segmenter.labels import Label
from segmenter.page import Page

if TYPE_CHECKING:
    from segmenter.html import Element, Mark

_DEEPEST = 12
"""Items and quotations around a block that are written, from the outermost."""

_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_STARS = {"strong": "**", "emphasis": "*"}
_OUTER_FIRST = ("link", "emphasis", "strong", "code")
"""How marks of the same text are nested: as three stars are read, and code holds no marks."""

_ENTITY = re.compile(r"&(?=#[0-9]{1,7};|#[Xx][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]*;)")
_SPECIAL = re.compile(rf"[\\`*_\[\]<]|{_ENTITY.pattern}")
_LINE_START = re.compile(
    r"^([0-9]{1,9}(?=[.)](?: |$))|(?=#{1,6}(?: |$)|>|~~~|[-+](?: |$)|-[- ]+$|=+$))"
)
_HEADING_END = re.compile(r"(?<= )#+$")
_TARGET = re.compile(r"https?:|mailto:|(?=.)[^:/?#]*(?:[/?#]|$)", re.I)
_NOT_IN_TARGET = re.compile(r"[\s<>\\\x00-\x1f\x7f]")


class _Holder(NamedTuple):
    """A list item or a quotation that is open, and the sign that it begins with."""

    element: Element
    sign: str


class _Group(NamedTuple):
    """The blocks that make one of Markdown's: pieces of a wall of text, or the lines of a ``pre``.

    ``shape``: the heading or the ``pre`` that they are. ``around``: the items and quotations that
    they stand in, the outermost first.
    """

    places: list[int]
    shape: Element | None
    around: list[Element]


def markdown(
    page: Page,
    keep: Collection[Label | str] | None = None,
    min_confidence: float = 0.0,
    links: bool = False,
) -> str:
    """The kept blocks of a page, with its headline and captions, in Markdown (CommonMark 0.31).

    It renders back to the text of the blocks. Emphasis that CommonMark cannot express is narrowed
    or left out: that of punctuation, code or a link which a letter touches from outside.
    A page that is no HTML has no markup to write: its text comes as `Page.clean` gives it.
    ``links``: whether links are written with their targets.
    """
    if not page.layout:
        return page.clean(keep, min_confidence)
    lines: list[str] = []
    before: list[_Holder] = []
    numbers: Counter[int] = Counter()
    for group in _groups(page, page.kept(keep, min_confidence, asides=True)):
        pairs = zip(before, group.around, strict=False)
        holders = [old for old, _ in takewhile(lambda pair: pair[0].element is pair[1], pairs)]
        shared = len(holders)
        beside = before[shared] if shared < len(before) else None
        for element in group.around[shared:]:
            holders.append(_Holder(element, _sign(element, beside, numbers)))
            beside = None
        margin = _margin(holders[:shared])
        if lines and not _tight(before, holders, shared):
            lines.append(margin.rstrip())
        first, *rest = _content(page, group, links)
        lines.append(margin + "".join(holder.sign for holder in holders[shared:]) + first)
        lines += [_margin(holders) + line for line in rest]
        before = holders
    return "\n".join(lines) + "\n" if lines else ""


def _groups(page: Page, kept: Iterable[int]) -> Iterator[_Group]:
    group: _Group | None = None
    for i in kept:
        shape, around = _surroundings(page.layout[i].element)
        if group is not None:
            lines = shape is group.shape and shape is not None and shape.tag == "pre"
            if lines or (page.layout[i].goes_on and group.places[-1] == i - 1):
                group.places.append(i)
                continue
            yield group
        group = _Group([i], shape, around)
    if group is not None:
        yield group


def _surroundings(element: Element) -> tuple[Element | None, list[Element]]:
    """``shape`` and ``around`` of a group."""
    shape: Element | None = None
    around: list[Element] = []
    up: Element | None = element
    while up is not None:
        if up.tag == "pre":
            shape = up
            around.clear()
        elif up.tag in _HEADINGS:
            shape = shape or up
        elif up.tag in ("li", "blockquote"):
            around.append(up)
        up = up.parent
    return shape, around[::-1][:_DEEPEST]


def _sign(element: Element, beside: _Holder | None, numbers: Counter[int]) -> str:
    """What an item or a quotation begins with; ``beside`` is the one that it follows upon.

    A list that follows upon another has another kind of sign, or they would be one.
    """
    if element.tag == "blockquote":
        return "> "
    parent = element.parent
    kinds = ".)" if parent is not None and parent.tag == "ol" else "-*"
    kind = kinds[0]
    if beside is not None and beside.sign[-2] in kinds:
        same = beside.element.parent is parent
        kind = kinds[(beside.sign[-2] == kinds[0]) != same]
    if parent is None or kinds == "-*":
        return f"{kind} "
    numbers[parent.number] += 1
    return f"{numbers[parent.number]}{kind} "


def _margin(holders: Sequence[_Holder]) -> str:
    """What a further line in ``holders`` begins with."""
    return "".join(sign if sign == "> " else " " * len(sign) for _, sign in holders)


def _tight(before: Sequence[_Holder], holders: Sequence[_Holder], shared: int) -> bool:
    """Whether no empty line parts the blocks: the later opens an item of the same or a new list."""
    if shared == len(holders) or holders[shared].sign == "> ":
        return False
    element, sign = holders[shared]
    if shared < len(before):
        return before[shared].sign != "> " and before[shared].element.parent is element.parent
    # No other number can interrupt a paragraph.
    return shared > 0 and holders[shared - 1].sign != "> " and sign in ("- ", "1. ")


def _content(page: Page, group: _Group, links: bool) -> list[str]:
    """The lines of a group, without the signs of what it stands in."""
    places = [page.layout[i] for i in group.places]
    if group.shape is not None and group.shape.tag == "pre":
        code: list[str] = []
        end = 0
        for place in places:
            code.append(page.text[end : place.start] if place.goes_on and code else "\n")
            code.append(page.text[place.start : place.end])
            end = place.end
        text = "".join(code[1:])
        fence = _fence(text, 3)
        return [fence, *text.split("\n"), fence]
    marks = _nested(page.text, [mark for place in places for mark in place.marks], links)
    line = _inline(page.text, places[0].start, places[-1].end, marks)
    line = _LINE_START.sub(r"\1\\", line)
    if group.shape is None:
        return [line]
    return ["#" * int(group.shape.tag[1]) + " " + _HEADING_END.sub(r"\\\g<0>", line)]


def _inline(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """A stretch of text with its marks; characters that mean something in Markdown are escaped."""
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for mark in marks:
        before, behind = _signs(mark, text)
        opens.setdefault(mark.start, []).append(before)
        closes.setdefault(mark.end, []).insert(0, behind)
    code = {mark.start for mark in marks if mark.kind == "code"}
    pieces: list[str] = []
    last = start
    for at in sorted({*opens, *closes, end}):
        piece = text[last:at]
        if last not in code:
            piece = _SPECIAL.sub(r"\\\g<0>", piece)
            if piece.endswith("!") and opens.get(at, [""])[0] == "[":  # it would be a picture
                piece = piece[:-1] + r"\!"
        pieces += (piece, *closes.get(at, ()), *opens.get(at, ()))
        last = at
    return "".join(pieces)


def _signs(mark: Mark, text: str) -> tuple[str, str]:
    """What a mark begins and ends with."""
    if mark.kind == "link":
        target = mark.target
        return "[", f"](<{target}>)" if "(" in target or ")" in target else f"]({target})"
    if mark.kind == "code":
        code = text[mark.start : mark.end]
        pad = " " if "`" in (code[0], code[-1]) else ""
        fence = _fence(code, 1)
        return fence + pad, pad + fence
    return _STARS[mark.kind], _STARS[mark.kind]


def _fence(code: str, shortest: int) -> str:
    """Backticks that the code does not have in a row."""
    return "`" * max(shortest, *(len(ticks) + 1 for ticks in ["", *re.findall("`+", code)]))


def _target(address: str) -> str:
    """Where a link leads, as Markdown has it; empty for what is no address of web or mail."""
    address = re.sub(r"[\t\n\r]", "", address.strip())
    if not _TARGET.match(address):
        return ""
    return _ENTITY.sub(r"\&", _NOT_IN_TARGET.sub(lambda found: quote(found[0]), address))


def _nested(text: str, marks: Iterable[Mark], links: bool) -> list[Mark]:
    """The marks that can be written, the outer before the inner, one inside the other or apart."""
    nested: list[Mark] = []
    around: list[Mark] = []
    trimmed = [_trimmed(mark, text) for mark in _merged(marks, links)]
    for mark in sorted(
        (mark for mark in trimmed if mark.start < mark.end),
        key=lambda mark: (mark.start, -mark.end, _OUTER_FIRST.index(mark.kind)),
    ):
        while around and around[-1].end <= mark.start:
            around.pop()
        if any(outer.kind in (mark.kind, "code") for outer in around):
            continue
        end = min(mark.end, around[-1].end) if around else mark.end
        around.append(mark._replace(end=end))
        nested.append(around[-1])
    return list(_standing(text, nested))


def _standing(text: str, nested: Sequence[Mark]) -> Iterator[Mark]:
    """The marks, without stars that would be read otherwise (CommonMark 0.31, section 6.2).

    Between a letter outside and punctuation inside they do not open or close, and code and links
    begin and end with punctuation. Within other stars, those that could do both are ambiguous.
    """
    solid = [(n, mark) for n, mark in enumerate(nested) if mark.kind not in _STARS]
    begins = {mark.start: n for n, mark in reversed(solid)}
    ends = {mark.end: n for n, mark in reversed(solid)}
    outer: Mark | None = None
    for n, mark in enumerate(nested):
        if mark.kind not in _STARS:
            yield mark
            continue
        if outer is not None and outer.end <= mark.start:
            outer = None
        for at, inside, outside, here, beside in (
            (mark.start, mark.start, mark.start - 1, begins, ends),
            (mark.end, mark.end - 1, mark.end, ends, begins),
        ):
            within = "`" if here.get(at, -1) > n else text[inside]
            without = "`" if at in beside or here.get(at, n) < n else text[outside]
            if not _may_stand(without, within, True):
                break
            shared = outer is None or at in (outer.start, outer.end)
            if not shared and not without.isspace() and _is_word(within) == _is_word(without):
                break
        else:
            yield mark
            outer = outer or mark


def _merged(marks: Iterable[Mark], links: bool) -> list[Mark]:
    """The marks that say something here; those of one kind that touch are one."""
    merged: list[Mark] = []
    said = (mark._replace(target=_target(mark.target)) for mark in marks)
    for mark in sorted(said, key=lambda mark: (mark.kind, mark.target, mark.start)):
        if mark.kind == "link" and not (links and mark.target):
            continue
        last = merged[-1] if merged else None
        if (
            last
            and last._replace(start=mark.start, end=mark.end) == mark
            and mark.start <= last.end
        ):
            merged[-1] = last._replace(end=max(last.end, mark.end))
        else:
            merged.append(mark)
    return merged


def _trimmed(mark: Mark, text: str) -> Mark:
    """A mark without blanks at its edges, and stars where CommonMark lets them open and close.

    That is, not between a letter outside and punctuation inside (section 6.2, flanking runs).
    """
    stars = mark.kind in _STARS
    start, end = mark.start, mark.end
    while start < end and not _may_stand(text[start - 1], text[start], stars):
        start += 1
    while start < end and not _may_stand(text[end], text[end - 1], stars):
        end -= 1
    return mark._replace(start=start, end=end)


def _may_stand(outside: str, inside: str, stars: bool) -> bool:
    return not inside.isspace() and (not stars or _is_word(inside) or not _is_word(outside))


def _is_word(character: str) -> bool:
    """Whether a character is neither blank nor punctuation, as CommonMark has it."""
    return not character.isspace() and unicodedata.category(character)[0] not in "PS"
