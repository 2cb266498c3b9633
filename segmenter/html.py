"""HTML to blocks: the rendered text of a page, and where in the markup each block stands.

Blocks follow rendering: a block element, a table cell, a list item, ``<br>`` or a line of ``<pre>``
begins a new one, inline markup is joined, hidden elements are left out. So are form controls, and
the text that stands in for pictures. What is written for readers without scripts is left out too,
unless it is a text of some length: then scripts alone would show it, and the page is nothing else.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from segmenter.encoding import decode_html
from segmenter.errors import MissingExtraError
from segmenter.limits import bounded
from segmenter.splitter import WALL, split

try:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from segmenter.metadata import Metadata, read_metadata
except ModuleNotFoundError as error:
    raise MissingExtraError(
        "reading HTML needs the extra `html`: pip install 'segmenter[html]'"
    ) from error

_LEFT_OUT = frozenset([
    "script", "style", "template", "head", "svg", "iframe", "object", "embed", "canvas",
    "audio", "video", "select", "option", "datalist", "input", "textarea", "button", "map", "area",
    "track", "source", "param", "frame", "frameset", "noframes", "meter", "progress", "rp",
    "annotation", "annotation-xml", "xmp", "noembed", "applet",
])  # fmt: skip
_INLINE = frozenset([
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "ins", "kbd", "label", "mark", "nobr", "output", "q", "ruby", "rb", "rt", "rtc",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
    "picture", "img", "article-link", "amp-img", "math", "mi", "mo", "mn", "ms", "mrow", "mtext",
    "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot", "mstyle", "munder", "mover", "munderover",
    "semantics",
])  # fmt: skip
_MARKED = {
    "a": "link", "b": "strong", "strong": "strong", "i": "emphasis", "em": "emphasis",
    "cite": "emphasis", "code": "code", "kbd": "code", "samp": "code", "tt": "code",
}  # fmt: skip
_WITHOUT_EVENTS = 1
"""``LexborDocumentOptions.WO_EVENTS``: no copies of ``<option>`` into ``<selectedcontent>``."""


_MOST_MARKED = 16
"""Marks around one text, at most."""

_BLOCK, _PLAIN, _MARK = range(3)

_WITHOUT_SCRIPTS = 200
"""Words of a ``noscript`` over which it is read: a notice or a menu has fewer, an article more."""

LONGEST_ID, LONGEST_CLASSES = 200, 2000
"""Characters of an element's id and of its classes that are kept: each block repeats them."""

LONGEST_PATH = 1000
"""Characters of a path over which its outer elements are left out."""


class Element:
    """An element on the way to a block: its tag, id and classes, and what it stands in.

    ``number`` counts a page's elements in document order, from 0, its ``body``.
    """

    __slots__ = ("classes", "id", "number", "parent", "tag")

    def __init__(
        self, tag: str, identifier: str, classes: str, parent: Element | None, number: int
    ) -> None:
        """An element of a page."""
        self.tag, self.id, self.classes = tag, identifier, classes
        self.parent, self.number = parent, number

    @property
    def path(self) -> str:
        """The elements from the body to this one, as a CSS selector.

        Of a long one the elements next to the block, behind an ellipsis.

        >>> Element("p", "", "lead big", Element("body", "top", "", None, 0), 1).path
        'body#top > p.lead.big'
        """
        steps: list[str] = []
        element: Element | None = self
        length = 0
        while element is not None:
            mark = f"#{element.id}" if element.id else ""
            step = ".".join((element.tag + mark, *element.classes.split()))
            length += len(step) + len(" > ")
            if steps and length > LONGEST_PATH:
                steps.append("…")
                break
            steps.append(step)
            element = element.parent
        return " > ".join(reversed(steps))

    def __repr__(self) -> str:
        return f"Element({self.path!r})"


class Mark(NamedTuple):
    """Inline markup: what it is, offsets into the page's text, and where a link leads."""

    kind: str
    start: int
    end: int
    target: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class HtmlBlock:
    """A run of inline content, or a piece of one that is a wall of text.

    ``start`` and ``end`` are offsets, in code points, into the page's text. ``inner`` has the tags
    of inline elements that the block begins in, ``linked`` the number of its characters inside
    links. ``goes_on``: whether it is a further piece of the block before it.
    """

    start: int
    end: int
    element: Element
    inner: tuple[str, ...] = ()
    linked: int = 0
    marks: tuple[Mark, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A page as rendered: its text, one block a line parted by empty lines, and its metadata."""

    text: str
    blocks: tuple[HtmlBlock, ...]
    elements: tuple[Element, ...]
    metadata: Metadata


def read_html(html: str | bytes) -> HtmlPage:
    """Reads a page. Any text and any bytes give a page; one without content has no blocks.

    Bytes are decoded as `encoding.decode_html` tells. Time and memory grow with the length alone
    (`limits`), and no step recurses.
    """
    text = decode_html(html) if isinstance(html, bytes) else html
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        data = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    tree = _parse(data)
    walk = _Walk()
    body = tree.body
    if body is not None and body.tag == "body":
        walk.run(body)
    return HtmlPage(
        "\n\n".join(walk.lines) + "\n" if walk.lines else "",
        tuple(walk.blocks),
        tuple(walk.elements),
        read_metadata(tree),
    )


def _parse(data: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(bounded(data), options=_WITHOUT_EVENTS, scripting=True)


class _Walk:
    """A walk through the elements below ``body``, with what it has seen of the open block."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.blocks: list[HtmlBlock] = []
        self.lines: list[str] = []
        self.offset = 0
        # Inline elements open now: tag and classes; and those that become marks: kind, number of
        # the line it was opened in, where its text starts there, target.
        self.inline: list[str] = []
        self.marked: list[tuple[str, int, int, str]] = []
        # The tree of the ``noscript`` that is being read: nodes do not keep theirs.
        self.without_scripts: LexborHTMLParser | None = None
        self._start_block()

    def _start_block(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.spaced = False
        self.inner: tuple[str, ...] = ()
        self.marks: list[Mark] = []

    def run(self, body: LexborNode) -> None:
        """Reads all that ``body`` holds."""
        element = self._element("body", body.attributes, None)
        open_nodes: list[tuple[LexborNode, str, Element, int]] = []
        preformatted = 0
        node: LexborNode | None = body.first_child
        while True:
            if node is None:
                if not open_nodes:
                    break
                node, tag, outer, sort = open_nodes.pop()
                if sort == _BLOCK:
                    self._flush(element)
                    element = outer
                    preformatted -= tag == "pre"
                    if tag == "noscript":
                        self.without_scripts = None
                else:
                    self._close_inline(sort)
                node = node.next
                continue
            if node.is_text_node:
                text = node.text_content
                if text:
                    if preformatted and "\n" in text:
                        for i, line in enumerate(text.split("\n")):
                            if i:
                                self._flush(element)
                            self._add(line)
                    else:
                        self._add(text)
            elif node.is_element_node:
                tag = node.tag or ""
                if tag in ("br", "hr"):
                    self._flush(element)
                elif tag == "noscript":
                    inside = self._without_scripts(node)
                    if inside is not None:
                        open_nodes.append((node, tag, element, _BLOCK))
                        self._flush(element)
                        element = self._element(tag, node.attributes, element)
                        node = inside
                        continue
                elif tag not in _LEFT_OUT:
                    attributes = node.attributes
                    if not ((attributes or tag == "dialog") and _hidden(tag, attributes)):
                        if tag in _INLINE:
                            open_nodes.append((node, tag, element, self._inline(tag, attributes)))
                        else:
                            open_nodes.append((node, tag, element, _BLOCK))
                            self._flush(element)
                            element = self._element(tag, attributes, element)
                            preformatted += tag == "pre"
                        node = node.first_child
                        continue
            node = node.next
        self._flush(element)

    def _without_scripts(self, node: LexborNode) -> LexborNode | None:
        """The first node of what a ``noscript`` holds, if that is to be read.

        The parser takes it for text, which is parsed here; one inside another is left out.
        """
        content = node.first_child
        if content is None or self.without_scripts is not None:
            return None
        source = content.text_content or ""
        if source.count(" ") + source.count("\n") < _WITHOUT_SCRIPTS:
            return None
        tree = _parse(source.encode())
        body = tree.body
        if body is None or len((body.text() or "").split()) < _WITHOUT_SCRIPTS:
            return None
        self.without_scripts = tree
        return body.first_child

    def _element(
        self, tag: str, attributes: dict[str, str | None], parent: Element | None
    ) -> Element:
        identifier = classes = ""
        if attributes:
            identifier = (attributes.get("id") or "")[:LONGEST_ID]
            classes = (attributes.get("class") or "")[:LONGEST_CLASSES]
        element = Element(tag, identifier, classes, parent, len(self.elements))
        self.elements.append(element)
        return element

    def _inline(self, tag: str, attributes: dict[str, str | None]) -> int:
        """Opens an inline element; returns its sort, for `_close_inline`."""
        self.inline.append(tag)
        kind = _MARKED.get(tag)
        if kind is None or len(self.marked) >= _MOST_MARKED:
            return _PLAIN
        start = self.length + (self.spaced and self.length > 0)
        target = (attributes.get("href") or "") if tag == "a" else ""
        self.marked.append((kind, len(self.lines), start, target))
        return _MARK

    def _close_inline(self, sort: int) -> None:
        self.inline.pop()
        if sort == _MARK:
            self._mark(*self.marked.pop())

    def _mark(self, kind: str, line: int, start: int, target: str) -> None:
        if line != len(self.lines):
            start = 0
        if self.length > start:
            self.marks.append(Mark(kind, start, self.length, target))

    def _add(self, text: str) -> None:
        """Adds inline text, its white space collapsed."""
        words = text.split()
        if not words:
            self.spaced = True
            return
        if not self.length:
            self.inner = tuple(self.inline[-3:])
        elif self.spaced or text[0].isspace():
            self.pieces.append(" ")
            self.length += 1
        joined = " ".join(words)
        self.pieces.append(joined)
        self.length += len(joined)
        self.spaced = text[-1].isspace()

    def _flush(self, element: Element) -> None:
        """Ends the open block, if there is any text in it."""
        if not self.length:
            self.spaced = False
            return
        for opened in self.marked:
            self._mark(*opened)
        text = "".join(self.pieces)
        spans = [(0, self.length)] if self.length <= WALL else split(text)
        parts: list[list[Mark]] = [[] for _ in spans]
        ends = [end for _, end in spans]
        for kind, start, end, target in self.marks:
            for i in range(bisect_right(ends, start), len(spans)):
                a, b = spans[i]
                if a >= end:
                    break
                a, b = self.offset + max(a, start), self.offset + min(b, end)
                parts[i].append(Mark(kind, a, b, target))
        for (start, end), marks in zip(spans, parts, strict=True):
            linked = sum(mark.end - mark.start for mark in marks if mark.kind == "link")
            self.blocks.append(
                HtmlBlock(
                    self.offset + start,
                    self.offset + end,
                    element,
                    self.inner,
                    min(linked, end - start),
                    tuple(marks),
                    start > 0,
                )
            )
        self.lines.append(text)
        self.offset += self.length + 2
        self._start_block()


def _hidden(tag: str, attributes: dict[str, str | None]) -> bool:
    """Whether the attributes hide an element."""
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
        return True
    style = attributes.get("style")
    if not style:
        return False
    style = style.replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style
