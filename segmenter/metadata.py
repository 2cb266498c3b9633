"""What a page says about itself: meta tags, OpenGraph, JSON-LD, ``html`` and ``title`` elements.

A reader of its own, over the tree that is parsed anyway: the libraries for this (extruct,
trafilatura) parse the page again with another parser, which takes longer than all the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

LONGEST = 2000
"""Characters of a field, at most; longer ones are cut."""

_LINKED_DATA = 1 << 20
"""Characters of a JSON-LD script over which it is left unread."""

_ARTICLES = ("article", "report", "posting", "review")
_ITEMS = 2000


@dataclass(frozen=True, slots=True)
class Metadata:
    """The standard metadata of a page; a field is empty where the page says nothing.

    ``title``, ``description``, ``site_name``, ``authors``. ``published`` and ``modified`` are as
    the page writes them, ISO 8601 as a rule. ``url`` is the canonical address, ``language`` a BCP
    47 tag.
    """

    title: str = ""
    description: str = ""
    url: str = ""
    site_name: str = ""
    authors: tuple[str, ...] = ()
    published: str = ""
    modified: str = ""
    language: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The fields that the page fills, as plain data."""
        found = {name: value for name, value in asdict(self).items() if value}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """The metadata of a parsed page; OpenGraph before JSON-LD before the rest.

    Sources: the OpenGraph protocol (ogp.me), schema.org's ``Article``, HTML standard sections 4.2.4
    (canonical) and 4.2.5 (standard metadata names).
    """
    meta, authors = _meta(tree)
    linked = _linked_data(tree)
    canonical = tree.css_first("link[rel=canonical]")
    url = (canonical.attributes.get("href") if canonical else "") or meta.get("og:url", "")
    if url and not _is_absolute(url):
        url = _joined(meta.get("og:url", ""), url)
    title = tree.css_first("title")
    root = tree.css_first("html")
    language = (root.attributes.get("lang") if root else "") or ""

    def first(*values: str) -> str:
        return next((text for value in values if (text := _tidy(value))), "")

    names = (*_names(linked.get("author")), *authors)
    return Metadata(
        title=first(
            meta.get("og:title", ""),
            _text(linked.get("headline")),
            meta.get("twitter:title", ""),
            title.text() if title else "",
        ),
        description=first(
            meta.get("og:description", ""),
            meta.get("description", ""),
            _text(linked.get("description")),
            meta.get("twitter:description", ""),
        ),
        url=first(url, _text(linked.get("url"))),
        site_name=first(
            meta.get("og:site_name", ""),
            *_names(linked.get("publisher")),
            meta.get("application-name", ""),
        ),
        authors=tuple(dict.fromkeys(t for n in names if (t := _tidy(n)) and "://" not in t))[:20],
        published=first(
            meta.get("article:published_time", ""),
            _text(linked.get("datePublished")),
            meta.get("date", ""),
            meta.get("dc.date", ""),
            meta.get("pubdate", ""),
        ),
        modified=first(
            meta.get("article:modified_time", ""),
            _text(linked.get("dateModified")),
            meta.get("og:updated_time", ""),
            meta.get("last-modified", ""),
        ),
        language=first(
            language, meta.get("content-language", ""), meta.get("og:locale", "").replace("_", "-")
        ),
    )


def _meta(tree: LexborHTMLParser) -> tuple[dict[str, str], list[str]]:
    """The first content of each meta name, and all authors."""
    meta: dict[str, str] = {}
    authors = []
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        content = attributes.get("content") or ""
        for key in ("property", "name", "http-equiv", "itemprop"):
            name = (attributes.get(key) or "").strip().lower()
            if name:
                meta.setdefault(name, content)
                if name in ("author", "article:author", "dc.creator"):
                    authors.append(content)
    return meta, authors


def _linked_data(tree: LexborHTMLParser) -> dict[str, Any]:
    """The first article of the page's JSON-LD, else its first page; else nothing."""
    best: dict[str, Any] = {}
    rank = 0
    for node in tree.css('script[type="application/ld+json"]'):
        content = node.text() or ""
        if len(content) > _LINKED_DATA:
            continue
        try:
            data = json.loads(content, strict=False)
        except (ValueError, RecursionError):
            continue
        for item in _items(data):
            kind = item.get("@type")
            kinds = [str(k).lower() for k in (kind if isinstance(kind, list) else [kind])]
            own = 2 if any(k.endswith(_ARTICLES) for k in kinds) else "webpage" in kinds
            if own > rank:
                best, rank = item, int(own)
    return best


def _items(data: Any) -> Iterator[dict[str, Any]]:
    """The objects at the top of a JSON-LD document: in lists, ``@graph`` and ``mainEntity``."""
    waiting = [data]
    for _ in range(_ITEMS):
        if not waiting:
            return
        item = waiting.pop(0)
        if isinstance(item, list):
            waiting += item[:_ITEMS]
        elif isinstance(item, dict):
            yield item
            waiting += [item[key] for key in ("@graph", "mainEntity") if key in item]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _names(value: Any) -> list[str]:
    """The names of one or many persons or organisations, each a string or an object."""
    values = value if isinstance(value, list) else [value]
    return [_text(v.get("name")) if isinstance(v, dict) else _text(v) for v in values[:50]]


def _tidy(text: str) -> str:
    return " ".join(text[: 2 * LONGEST].split())[:LONGEST]


def _is_absolute(url: str) -> bool:
    """Whether ``url`` is absolute."""
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return False


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError:
        return url
