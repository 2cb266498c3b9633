"""What the names of elements tell: their tags, classes and ids."""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

PATH_BITS = 16
"""Names are hashed to 2**bits buckets."""

LEVELS = 10
"""Elements that are looked at on the way up from a block, its own counted."""

_PARTS = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")

BODY, HEADLINE, STANDFIRST, CAPTION, BIOGRAPHY, COMMENT = range(6)
"""What part of a page a block is by the names of its elements alone: the last column."""

# What each part is told by in the names of elements, and up to how many elements from the block.
ROLES = (
    (CAPTION, 3, re.compile(r"figcaption|caption(?!ed)|photo-?credit|image-?credit", re.I)),
    (
        BIOGRAPHY,
        5,
        re.compile(
            r"(?:author|writer|contributor|byline)s?[\w-]{0,12}(?:bio|box|about|descri|card|detail|info)"
            r"|about-?(?:the-?)?author|\bbio(?:graphy)?\b",
            re.I,
        ),
    ),
    (
        STANDFIRST,
        2,
        re.compile(
            r"stand-?first|\bdec?k\b|[_-]dec?k\b|\bexcerpt\b|sub-?(?:title|head(?:line)?)\b"
            r"|(?:article|story|post|entry|content)[_-]+(?:summary|description|intro|lead|excerpt)\b",
            re.I,
        ),
    ),
    (
        COMMENT,
        LEVELS,
        re.compile(
            r"(?:^|[\s#_-])(?:user-?|reader-?|post-?)?comments?(?:$|[\s_-](?:list|section|area"
            r"|thread|body|content|text|wrapper|container|item|author|form|respond))|commentlist"
            r"|disqus|livefyre|#respond\b",
            re.I,
        ),
    ),
)


def name_tokens(tag: str, identifier: str, classes: str) -> tuple[str, ...]:
    """What an element's names are made of: its tag, the words of its id and those of its classes.

    >>> name_tokens("p", "", "postBody lead")
    ('.body', '.lead', '.post', '.post-body', 'p')
    """
    tokens = {tag} if tag else set()
    for kind, names in (("#", identifier), (".", classes[:1000])):
        for name in names.split()[:20]:
            parts = [part.lower() for part in _PARTS.findall(name)]
            tokens.update(kind + part for part in parts)
            if len(parts) > 1:
                tokens.add(kind + "-".join(parts))
    return tuple(sorted(tokens))


@lru_cache(maxsize=1 << 14)
def name_buckets(
    tag: str, identifier: str, classes: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The buckets of an element's names: as one on the way, and as the block's own element."""
    tokens = name_tokens(tag, identifier, classes)
    shift = 32 - PATH_BITS
    return (
        tuple(crc32(token.encode("utf-8", "replace")) >> shift for token in tokens),
        tuple(crc32(b"own " + token.encode("utf-8", "replace")) >> shift for token in tokens),
    )


@lru_cache(maxsize=1 << 14)
def name_roles(tag: str, identifier: str, classes: str) -> int:
    """The parts, as a sum of ``1 << part``, that the names of an element tell of."""
    # The classes of these say what the page can show, not what it is.
    if tag in ("body", "html", "main", "article"):
        return 0
    names = f"{tag} #{identifier} {classes[:1000]}"
    return sum(1 << role for role, _, pattern in ROLES if pattern.search(names))
