"""Bounds on markup, so that reading it takes time and memory in proportion to its length.

An HTML parser that does what the standard says takes quadratic time in the depth of nesting and in
the number of attributes of one tag, and makes quadratically many nodes of formatting elements that
are never closed. Browsers bound these, and so does `bounded`: tags beyond the bounds are left out,
their content stays. Pages within the bounds, which all honest ones are, come back as they were.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

DEPTH = 512
"""Elements open at once; the bound that Chromium has (``kMaximumHTMLParserDOMTreeDepth``)."""

FORMATTING = 8
"""Formatting elements (``b``, ``font``, …) open at once: each is made anew in every new block."""

ATTRIBUTES = 256
"""Attributes of a tag."""

NAMES = 2048
"""Unlike names of elements on a page, and of attributes: the parser looks each up in a table of a
fixed size, and takes quadratic time in their number. HTML, SVG and MathML have some 200 and 500."""

_LONG_TAG = 1 << 14
"""Bytes of a tag under which its attributes need no counting."""

_ATTRIBUTE = rb"(?:[\s/=]++|[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+)?+)"
_START_TAG = re.compile(rb"<[a-zA-Z][^\s/>]*+" + _ATTRIBUTE + rb"*+")
_TOKEN = re.compile(
    rb"<(?:([a-zA-Z][^\s/>]*+)(" + _ATTRIBUTE + rb"*+)>?"
    rb"|/([a-zA-Z][^\s/>]*+)[^>]*+>?|!--(?s:.*?-->|.*))"
)
_ATTRIBUTE_NAME = re.compile(rb"[\s\"'/]([^\s/>=\"'<]++)")
_MANY_TAGS, _MUCH_MARKUP = 10_000, 1 << 18
"""Start tags, and bytes of them, under which their names need no counting."""
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)
_VOID = frozenset(
    b"area base basefont bgsound br col embed frame hr img input keygen link meta param source "
    b"track wbr".split()
)
_RAW = frozenset(b"script style textarea title xmp iframe noembed noframes noscript".split())
_FORMATTING = frozenset(b"b big code em font i nobr s small strike strong tt u".split())
_CLOSED_BY_NEXT = frozenset(b"p li dd dt td th tr option optgroup thead tbody tfoot rt rp".split())


def bounded(html: bytes) -> bytes:
    """``html`` (in UTF-8), without the tags that go beyond the bounds."""
    tags = _START_TAG.findall(html)
    lengths = [len(tag) for tag in tags]
    if (
        max(lengths, default=0) < _LONG_TAG
        and _within_depth(html)
        and ((len(tags) < _MANY_TAGS and sum(lengths) < _MUCH_MARKUP) or _within_names(tags))
    ):
        return html
    return _cut(html)


def _within_names(tags: list[bytes]) -> bool:
    """Whether start tags have no more unlike names of elements and of attributes than `NAMES`."""
    unlike = set(tags)
    names = {tag[1:].split(None, 1)[0].rstrip(b"/").lower() for tag in unlike}
    attributes: set[bytes] = set()
    for tag in unlike:
        attributes.update(_ATTRIBUTE_NAME.findall(tag.lower()))
    return max(len(names), len(attributes)) <= NAMES


def _within_depth(html: bytes) -> bool:
    """Whether the elements open at once are surely within the bounds, by a count of the tags.

    For each name (its first eight bytes), the most start tags without their end tag; elements that
    close each other without an end tag make the count too high, which is on the safe side.
    """
    code = np.frombuffer(html + b">" * 10, np.uint8)
    at = np.flatnonzero(code[:-10] == ord("<"))
    closes = code[at + 1] == ord("/")
    at += 1 + closes
    low = code[at] | 0x20
    named = (low >= ord("a")) & (low <= ord("z"))
    at, closes = at[named], closes[named]
    key = np.zeros(len(at), np.uint64)
    inside = np.ones(len(at), bool)
    for i in range(8):
        byte = code[at + i]
        inside &= (byte > 32) & (byte != ord("/")) & (byte != ord(">"))
        key |= np.where(inside, byte | 0x20, 0).astype(np.uint64) << np.uint64(8 * i)
    kept = ~np.isin(key, _keys(_VOID))
    key, step = key[kept], np.where(closes[kept], -1, 1)
    order = np.argsort(key, kind="stable")
    key, step = key[order], step[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))[: len(key)])
    if len(begins) == 0:
        return True
    name = np.zeros(len(key), np.int64)
    name[begins[1:]] = 1
    name = name.cumsum()
    # Each name's running balance and its least value so far; a drop parts one name from the next.
    total = np.cumsum(step)
    before = total - step
    apart = 2 * len(key) + 1
    least = np.minimum.accumulate(before - name * apart) + name * apart
    most = np.maximum(np.maximum.reduceat(total - least, begins), 0)
    formatting = np.isin(key[begins], _keys(_FORMATTING))
    return bool(most.sum() < DEPTH and most[formatting].sum() <= FORMATTING)


def _keys(names: frozenset[bytes]) -> NDArray[np.uint64]:
    return np.array([int.from_bytes(name[:8], "little") for name in sorted(names)], np.uint64)


def _cut(html: bytes) -> bytes:
    """``html`` without the tags beyond the bounds, by one pass over its tags."""
    pieces: list[bytes] = []
    done = position = 0
    open_names: list[bytes] = []
    count: Counter[bytes] = Counter()
    formatting: Counter[bytes] = Counter()
    formatted = 0
    dropped: Counter[bytes] = Counter()
    no_end: set[bytes] = set()
    names: set[bytes] = set()
    attribute_names: set[bytes] = set()

    while token := _TOKEN.search(html, position):
        position = token.end()
        name, attributes, end = token[1], token[2], token[3]
        keep = True
        if name is not None:
            name = name.lower()
            known = name in names or len(names) < NAMES
            if known:
                names.add(name)
            if name in _RAW:
                close = None
                if name not in no_end:
                    close = re.compile(rb"</" + name + rb"[\s/>]", re.I).search(html, position)
                if close is None:
                    no_end.add(name)
                else:
                    position = close.start()
            elif name not in _VOID:
                if open_names and name in _CLOSED_BY_NEXT and open_names[-1] == name:
                    count[open_names.pop()] -= 1
                keep = (
                    known
                    and len(open_names) < DEPTH - 8
                    and not (name in _FORMATTING and formatted >= FORMATTING)
                )
                if keep:
                    open_names.append(name)
                    count[name] += 1
                    if name in _FORMATTING:
                        formatting[name] += 1
                        formatted += 1
                else:
                    dropped[name] += 1
            if keep and attributes:
                fewer = _fewer(attributes) if len(attributes) >= _LONG_TAG else attributes
                own = set(_ATTRIBUTE_NAME.findall(fewer.lower())) - attribute_names
                if len(attribute_names) + len(own) > NAMES:
                    fewer = b""
                else:
                    attribute_names |= own
                if len(fewer) < len(attributes):
                    pieces += (html[done : token.start(2)], fewer, b">")
                    done = token.end()
        elif end is not None:
            end = end.lower()
            if dropped[end]:
                dropped[end] -= 1
                keep = False
            elif count[end]:
                if formatting[end]:
                    formatting[end] -= 1
                    formatted -= 1
                while True:
                    popped = open_names.pop()
                    count[popped] -= 1
                    if popped == end:
                        break
        if not keep:
            pieces.append(html[done : token.start()])
            done = token.end()
    pieces.append(html[done:])
    return b"".join(pieces)


def _fewer(attributes: bytes) -> bytes:
    """The first attributes of a tag, up to the bound."""
    end = 0
    for i, match in enumerate(_ONE_ATTRIBUTE.finditer(attributes)):
        if i >= 2 * ATTRIBUTES:  # white space matches too
            return attributes[:end]
        end = match.end()
    return attributes
