"""HTML to blocks: the rendered text of a page, and where in the markup each block stands."""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.errors import MissingExtraError

try:
    from selectolax.lexbor import LexborHTMLParser, LexborNode
except ModuleNotFoundError as error:  # pragma: no cover
    raise MissingExtraError(
        "reading HTML needs the extra `html`: pip install 'segmenter[html]'"
    ) from error

_LEFT_OUT = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "select",
        "option",
        "datalist",
        "input",
        "textarea",
        "button",
        "map",
        "area",
        "track",
        "source",
        "param",
        "frame",
        "frameset",
        "noframes",
        "meter",
        "progress",
        "dialog",
    ]
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "output",
        "q",
        "ruby",
        "rb",
        "rp",
        "rt",
        "rtc",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "picture",
        "img",
        "article-link",
        "amp-img",
    ]
)


@dataclass(frozen=True, slots=True)
class Element:
    """An element on the way to a block."""

    tag: str
    id: str
    classes: str
    parent: Element | None


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """A run of inline content: its text, normalised; the element that holds it; its linked part."""

    text: str
    element: Element
    linked: int


def read_blocks(html: str | bytes) -> list[HtmlBlock]:
    """The blocks of a page, in document order."""
    tree = LexborHTMLParser(html)
    body = tree.body
    blocks: list[HtmlBlock] = []
    if body is None:
        return blocks
    pieces: list[str] = []
    linked = 0
    links = 0
    element = Element("body", "", "", None)

    def flush() -> None:
        nonlocal linked
        text = " ".join("".join(pieces).split())
        if text:
            blocks.append(HtmlBlock(text, element, min(linked, len(text))))
        pieces.clear()
        linked = 0

    node: LexborNode | None = body.first_child
    open_nodes: list[tuple[LexborNode, str, Element]] = []
    while True:
        if node is None:
            if not open_nodes:
                break
            node, tag, outer = open_nodes.pop()
            if tag == "a":
                links -= 1
            elif tag not in _INLINE:
                flush()
                element = outer
            node = node.next
            continue
        if node.is_text_node:
            text = node.text_content or ""
            pieces.append(text)
            if links:
                linked += len(text.strip())
        elif node.is_element_node:
            tag = node.tag or ""
            if tag == "br":
                flush()
            elif tag not in _LEFT_OUT and not _hidden(node.attributes):
                open_nodes.append((node, tag, element))
                if tag == "a":
                    links += 1
                elif tag not in _INLINE:
                    flush()
                    attributes = node.attributes
                    element = Element(
                        tag, attributes.get("id") or "", attributes.get("class") or "", element
                    )
                node = node.first_child
                continue
        node = node.next
    flush()
    return blocks


def _hidden(attributes: dict[str, str | None]) -> bool:
    """Whether the attributes hide an element."""
    if not attributes:
        return False
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style
