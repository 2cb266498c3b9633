"""Public pages with markup as labelled rows, for `training.article`.

A block is labelled 1 for the article's body, 0 for anything else, and weighted by how sure that is.
Where a corpus has the body, the body tells. Where it has snippets alone, three extractors vote (two
of trafilatura's ways, resiliparse), and the snippets override them. The headline is no body.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from segmenter import structure as st
from segmenter.elements import BODY, PATH_BITS, STANDFIRST
from segmenter.features import Grams
from segmenter.html import HtmlPage, read_html
from segmenter.structure import Layout, Structure, structure
from training.corpora import grams_of, share_of, words_of

UNSURE = 0.3
"""The weight of a block on which the votes differ."""


@dataclass(frozen=True)
class MarkupRows:
    """Blocks of pages with markup as counts, a row a block, pages in order.

    ``path``, ``terms``: sparse counts, (blocks, buckets). ``columns``, ``layout``: as in
    `structure.Structure`. ``label``: float32, 1 for the article's body. ``weight``: float32.
    ``group``: what the page is left out of training with.
    """

    path: sparse.csr_array
    terms: sparse.csr_array
    columns: NDArray[np.uint8]
    layout: Layout
    label: NDArray[np.float32]
    weight: NDArray[np.float32]
    group: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, chosen: NDArray[np.bool_]) -> MarkupRows:
        """The chosen rows."""
        layout = Layout(**{name: v[chosen] for name, v in self.layout._asdict().items()})
        others = {f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name != "layout"}
        return MarkupRows(layout=layout, **others)


def count(grams: Grams, bits: int) -> sparse.csr_array:
    """How often each bucket occurs in each block."""
    ones = np.ones(len(grams.buckets), np.float32)
    # A copy: adding up would change ``grams``.
    total = sparse.csr_array(
        (ones, grams.buckets, grams.bounds), (len(grams.bounds) - 1, 1 << bits), copy=True
    )
    total.sum_duplicates()
    return total


def rows_of(
    found: Structure, label: ArrayLike, weight: ArrayLike, group: Sequence[str]
) -> MarkupRows:
    """The rows of a batch; ``group`` is one a page."""
    return MarkupRows(
        count(found.path, PATH_BITS),
        count(found.terms, st.WORD_BITS),
        found.columns,
        found.layout,
        np.array(label, np.float32),
        np.array(weight, np.float32),
        np.array(group)[found.layout.page],
    )


def join(parts: Sequence[MarkupRows]) -> MarkupRows:
    """Rows one after the other, with pages, containers and signatures counted on."""
    layouts = {}
    for name in Layout._fields:
        values = [getattr(part.layout, name) for part in parts]
        if name in ("page", "containers", "signature"):
            shifts = np.cumsum([0, *(int(value.max(initial=-1)) + 1 for value in values)])
            values = [value + shift for value, shift in zip(values, shifts, strict=False)]
        layouts[name] = np.concatenate(values)
    return MarkupRows(
        sparse.vstack([part.path for part in parts], format="csr"),
        sparse.vstack([part.terms for part in parts], format="csr"),
        np.concatenate([part.columns for part in parts]),
        Layout(**layouts),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.group for part in parts]),
    )


def read(path: Path, group: str) -> Iterator[MarkupRows]:
    """The rows of each page of a corpus of records with ``html``."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            page = read_html(record["html"])
            if not page.blocks:
                continue
            found = structure([page])
            if "body" in record:
                label, weight = by_body(page, found, record["body"])
                own = group
            else:
                label, weight = by_votes(page, found, record)
                own = group + ("" if record.get("english", True) else "-other")
            yield rows_of(found, label, weight, [own])


def _is_other(found: Structure) -> NDArray[np.bool_]:
    """Blocks that are of no body by their names: headline, caption, author's lines, comment."""
    return ~np.isin(found.columns[:, -1], (BODY, STANDFIRST))


def by_body(
    page: HtmlPage, found: Structure, body: list[str] | str
) -> tuple[list[float], list[float]]:
    """Labels and weights by the paragraphs of the article.

    A longer text above the first paragraph may be the standfirst, which is in no body; such blocks
    weigh nothing, and so do paragraphs in ``[...]``, which may be kept or not.
    """
    paragraphs = body.split("\n") if isinstance(body, str) else body
    sure = [p for p in paragraphs if not (p.startswith("[") and p.endswith("]"))]
    grams, lines = grams_of(sure)
    maybe, _ = grams_of([p for p in paragraphs if p not in sure])
    labels, weights, begun = [], [], False
    other = _is_other(found)
    for i, block in enumerate(page.blocks):
        words = words_of(page.text[block.start : block.end])
        share = share_of(words, grams, lines)
        label, weight = 0.0, 1.0
        if share > 0.8:
            label, begun = 1.0, True
        elif other[i]:
            weight = 0.5
        elif share > 0.2 or share_of(words, maybe, set()) > 0.5:
            label, weight = float(share > 0.5), 0.0
        elif not begun and len(words) >= 20 and found.layout.linked[i] < 0.3:
            weight = 0.0
        labels.append(label)
        weights.append(weight)
    return labels, weights


def by_votes(
    page: HtmlPage, found: Structure, record: dict[str, Any]
) -> tuple[list[float], list[float]]:
    """Labels and weights by the votes of three extractors, then the record's snippets."""
    import trafilatura
    from resiliparse.extract.html2text import extract_plain_text

    html = record["html"]
    texts = [
        (1.0, trafilatura.extract(html, fast=True, include_comments=False) or ""),
        (1.5, trafilatura.extract(html, include_comments=False) or ""),
        (0.5, extract_plain_text(html, main_content=True, alt_texts=False) or ""),
    ]
    votes = [(vote, *grams_of(text.split("\n"))) for vote, text in texts]
    labels, weights = [], []
    other = _is_other(found)
    for i, block in enumerate(page.blocks):
        text = page.text[block.start : block.end]
        words = words_of(text)
        given = sum(vote * (share_of(words, grams, lines) > 0.7) for vote, grams, lines in votes)
        label = float(given > 1.5)
        weight = 1.0 if given in (0.0, 3.0) else UNSURE
        if other[i]:
            label, weight = float(given > 2), UNSURE
        if any(snippet in text for snippet in record["with"]):
            label, weight = 1.0, 2.0
        if any(snippet in text for snippet in record["without"]):
            label, weight = 0.0, 2.0
        labels.append(label)
        weights.append(weight)
    return labels, weights
