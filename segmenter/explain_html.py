"""Why a block of a page with markup was taken for its article, or was not: the weights, by name.

The model for markup has two stages, each a sum of logarithmic odds, whose terms are given here by
name. What its words say of a block inside the article is told as `segmenter.explain` tells it.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter import characters as ch
from segmenter import structure as st
from segmenter import tokens as tk
from segmenter.article import around
from segmenter.elements import LEVELS, name_tokens
from segmenter.errors import SegmenterError
from segmenter.explain import Reason, explain_batch
from segmenter.features import Grams
from segmenter.html import HtmlPage, read_html
from segmenter.structure_names import bin_name, column_names, number_names
from segmenter.within import batch_of, parts_of

if TYPE_CHECKING:
    from segmenter.article_model import ArticleModel, Weights
    from segmenter.model import Model
    from segmenter.segmenter import Segmenter
    from segmenter.structure import Structure


@dataclass(frozen=True, slots=True)
class HtmlReasons:
    """What spoke for a block of a page with markup, the greatest weight first.

    ``alone``: what the block's names, words and shape add to the odds of the first stage;
    ``around``: what these and the odds of other blocks add to those of the second. Each reason has
    one weight, in nats, above 0 for the article. ``words``: weights by label, as `explain.explain`
    gives them, of a block that was looked at as part of the article; else nothing.
    """

    alone: list[Reason]
    around: list[Reason]
    words: list[Reason]


def explain_html(segmenter: Segmenter, html: bytes | str, block: int) -> HtmlReasons:
    """All that spoke for or against a block of a page.

    Raises `SegmenterError` if the page has no such block.
    """
    page = read_html(html)
    if not 0 <= block < len(page.blocks):
        there = f"blocks 0 to {len(page.blocks) - 1}" if page.blocks else "none"
        raise SegmenterError(f"there is no block {block}: the page has {there}")
    found, _, body, aside = segmenter.find_article([page])
    model = segmenter.article_model
    own, near = _alone(model, page, found, block), _around(model, found, block)
    inside = np.flatnonzero(body | aside).tolist()
    words: list[Reason] = []
    if block in inside:
        texts = [page.text[page.blocks[i].start : page.blocks[i].end] for i in inside]
        words = _words(segmenter.model, texts, inside.index(block))
    return HtmlReasons(own, near, words)


def _words(model: Model, texts: Sequence[str], place: int) -> list[Reason]:
    """What the words say of the block at ``place`` of an article, looked at with its own part."""
    first, part = next((low, run) for low, run in parts_of(texts) if place < low + len(run))
    text = "\n\n".join(part)
    batch = batch_of([text], [[len(own) for own in part]])
    return explain_batch(model, text, batch, place - first)


def _alone(model: ArticleModel, page: HtmlPage, found: Structure, block: int) -> list[Reason]:
    """The terms of the first stage's sum."""
    sums: dict[str, float] = defaultdict(float)
    sums["what any block starts from"] = float(model.bias[0])
    for names, grams, idf, weights in (
        (_path_names(page, block), found.path, model.path_idf, model.path),
        (_term_names(page, block), found.terms, model.term_idf, model.terms),
    ):
        for name, weight in zip(names, _weights(grams, block, idf, weights), strict=True):
            sums[name] += weight
    for column, name in enumerate(column_names()):
        level = int(found.columns[block, column])
        sums[f"{name}: {bin_name(column, level)}"] += float(model.columns[column * st.BINS + level])
    return _ordered(sums)


def _around(model: ArticleModel, found: Structure, block: int) -> list[Reason]:
    """The terms of the second stage's sum."""
    first, _ = model.stages(found)
    numbers = around(first, found.layout)[block]
    sums = {"what any block starts from": float(model.bias[1])}
    for name, number, weight in zip(number_names(), numbers, model.around, strict=True):
        if number:
            sums[f"{name} = {number:.2f}"] = float(number * weight)
    return _ordered(sums)


def _ordered(sums: dict[str, float]) -> list[Reason]:
    reasons = [Reason(name, (weight,)) for name, weight in sums.items()]
    return sorted(reasons, key=lambda reason: -abs(reason.weights[0]))


def _weights(grams: Grams, block: int, idf: Weights, weights: Weights) -> Sequence[float]:
    buckets = grams.buckets[grams.bounds[block] : grams.bounds[block + 1]]
    weighted = idf[buckets].astype(np.float64)
    norm = np.sqrt(np.square(weighted).sum())
    values: list[float] = (weights[buckets] * weighted / max(norm, 1e-300)).tolist()
    return values


def _path_names(page: HtmlPage, block: int) -> list[str]:
    """The names of the elements that a block is in, in the order of `Structure.path`."""
    own = page.blocks[block].element
    chain = [own]
    while chain[-1].parent is not None and len(chain) < LEVELS:
        chain.append(chain[-1].parent)
    names = [f"in {token}" for e in chain for token in name_tokens(e.tag, e.id, e.classes)]
    return names + [f"is {token}" for token in name_tokens(own.tag, own.id, own.classes)]


def _term_names(page: HtmlPage, block: int) -> list[str]:
    """The words and pairs of words of a block, in the order of `Structure.terms`."""
    place = page.blocks[block]
    text = page.text[place.start : place.end]
    codes = ch.codes(text)
    tokens = tk.tokenize(codes, ch.kinds(codes), np.zeros(1, np.int64))
    words = [
        text[start:end].lower()
        for start, end, kind in zip(tokens.starts, tokens.ends, tokens.kinds, strict=True)
        if kind != tk.MARK
    ]
    names = [f"“{words[0]}”"] if words else []
    for a, b in itertools.pairwise(words):
        names[-1:] = [names[-1], f"“{a} {b}”", f"“{b}”"]
    return names
