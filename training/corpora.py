"""Public pages and texts to labelled blocks, for `training.counts`.

A corpus is JSON Lines, plain or gzipped, of records in one of these forms; ``id`` is in all:

- ``html`` and ``body`` (a list of the article's paragraphs; one in ``[...]`` may be kept or not),
- ``html``, ``with`` and ``without`` (snippets that the article holds, and does not hold): what two
  runs of trafilatura, fast and full, agree on is taken as the article, the snippets overriding,
- ``segments``: the page format of this repository,
- nothing but texts (any other fields): each is a report of its own.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from segmenter.html import HtmlPage, read_html
from training.pages import LabelledPage

REPORT, BOILERPLATE, UNKNOWN = "original_report", "boilerplate", "unknown"

Gram = tuple[str, ...]


def read(path: Path, source: str) -> Iterator[LabelledPage]:
    """The pages of a corpus; blocks that cannot be told apart are labelled ``unknown``."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record.get("english") is False:
                continue
            for name, segments in _label(record):
                yield LabelledPage(name, source, source, segments, {})


def _label(record: dict[str, Any]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    name = str(record["id"])
    if "segments" in record:
        yield name, tuple((part["label"], part["text"]) for part in record["segments"])
    elif "html" in record:
        page = read_html(record["html"])
        labels = _by_body(page, record["body"]) if "body" in record else _by_votes(page, record)
        lines = (page.text[block.start : block.end] + "\n" for block in page.blocks)
        yield name, tuple(zip(labels, lines, strict=True))
    else:
        for field, text in record.items():
            if field != "id" and isinstance(text, str) and text.strip():
                yield f"{name}/{field}", ((REPORT, text),)


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def four_grams(words: list[str]) -> set[Gram]:
    """The n-grams of four words; of a shorter text, all its words."""
    return {tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))}


def grams_of(paragraphs: list[str]) -> tuple[set[Gram], set[Gram]]:
    """The n-grams of four words of all paragraphs, and each paragraph's words as one."""
    words = [tuple(words_of(paragraph)) for paragraph in paragraphs]
    return cast("set[Gram]", set()).union(*(four_grams(list(w)) for w in words)), set(words)


def share_of(words: list[str], grams: set[Gram], lines: set[Gram]) -> float:
    """How much of a block a text has; a block of under four words must be a line of it."""
    if len(words) < 4:
        return float(tuple(words) in lines)
    own = four_grams(words)
    return len(own & grams) / len(own)


def _by_body(page: HtmlPage, body: list[str] | str) -> list[str]:
    """Labels by the paragraphs of the article.

    The page's ``h1`` is report too; a longer text above the first paragraph may be the standfirst,
    which is in no body, and stays unknown.
    """
    paragraphs = body.split("\n") if isinstance(body, str) else body
    optional = [p for p in paragraphs if p.startswith("[") and p.endswith("]")]
    sure = [p for p in paragraphs if p not in optional]
    grams, lines = grams_of(sure)
    maybe, _ = grams_of(optional)
    labels, begun = [], False
    for block in page.blocks:
        text = page.text[block.start : block.end]
        words = words_of(text)
        share = share_of(words, grams, lines)
        if share > 0.8:
            labels.append(REPORT)
            begun = True
        elif share > 0.2 or share_of(words, maybe, set()) > 0.5:
            labels.append(UNKNOWN)
        elif block.element.tag == "h1":
            labels.append(REPORT)
        elif not begun and len(words) >= 20 and block.linked < 0.3 * len(text):
            labels.append(UNKNOWN)
        else:
            labels.append(BOILERPLATE)
    return labels


def _by_votes(page: HtmlPage, record: dict[str, Any]) -> list[str]:
    """Labels on which two extractions agree; the record's snippets override them."""
    import trafilatura

    texts = [
        trafilatura.extract(record["html"], fast=fast, include_comments=False) or ""
        for fast in (True, False)
    ]
    votes = [grams_of(text.split("\n")) for text in texts]
    labels = []
    for block in page.blocks:
        piece = page.text[block.start : block.end]
        words = words_of(piece)
        shares = [share_of(words, grams, lines) for grams, lines in votes]
        label = REPORT if min(shares) > 0.8 else BOILERPLATE if max(shares) < 0.2 else UNKNOWN
        if any(snippet in piece for snippet in record["with"]):
            label = REPORT
        if any(snippet in piece for snippet in record["without"]):
            label = BOILERPLATE
        labels.append(label)
    return labels
