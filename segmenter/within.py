"""Inside the article of a page with markup: which kind of text each block is.

Markup has told the article from the rest. The model for text reads the article alone, as one text,
and says which blocks are report, comic rewrite or interview.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch
from segmenter.calibration import calibrate
from segmenter.decoder import decode
from segmenter.features import Batch, take_apart
from segmenter.labels import known
from segmenter.model import Model
from segmenter.page import Block, Page
from segmenter.splitter import Spans

if TYPE_CHECKING:
    from segmenter.html import HtmlPage

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

BATCH, PART = 1 << 16, 1 << 18
"""Characters of a group of parts, and of a part of a long article, that are looked at together."""

LEAST_SURE = 0.5
"""The probability of a label that was chosen against the odds of the block alone."""

NEVER = -1e9
"""Added to a score that must not win."""

MARGIN = 3.0
"""How much stronger, in nats, the words must speak for the frame than the markup against it.
Chosen by leaving out public sources, in the text model too: with 2, 3 and 4 fundus has an F1 of
.9713, .9720 and .9725, and of trafilatura's pages .914, .925 and .927 of what should be is found,
.931, .921 and .913 of what should not is left out."""


def label_pages(
    model: Model, pages: Sequence[HtmlPage], in_article: Floats, body: Flags, aside: Flags
) -> list[Page]:
    """The pages, labelled.

    For each block of all pages: ``in_article``, the probability that it is of the article's body;
    ``body`` and ``aside``, whether it was taken for the body, or for what belongs to it.
    """
    labels = known(model.labels)
    frame = len(labels) - 1
    texts = [page.text[block.start : block.end] for page in pages for block in page.blocks]
    counts = np.array([len(page.blocks) for page in pages], np.int64)
    page_of = np.repeat(np.arange(len(pages)), counts)
    inside = np.flatnonzero(body | aside)
    # What the markup holds against a block; nothing is held against what it is sure of.
    doubt = np.where(aside, NEVER, -_odds(in_article) - MARGIN)[inside]
    kinds, shares = _kinds(model, [texts[i] for i in inside], page_of[inside], frame, doubt)

    label = np.full(len(texts), frame, np.int64)
    label[inside] = kinds
    body, aside = body & (label != frame), aside & (label != frame)
    inside, shares = inside[kinds != frame], shares[kinds != frame]
    article = np.where(body, in_article, 1 - in_article)
    article = np.where(body | aside, np.maximum(article, LEAST_SURE), in_article)
    article = np.where(body | aside, article, np.minimum(article, LEAST_SURE))
    probabilities = np.zeros((len(texts), len(labels)))
    probabilities[:, 0] = 1
    probabilities[inside] = shares
    probabilities *= article[:, None]
    probabilities[:, frame] = 1 - article

    done, at = [], 0
    rows = zip(label.tolist(), probabilities.tolist(), texts, strict=True)
    for page in pages:
        blocks = tuple(
            Block(text, place.start, place.end, labels[i], row[i], tuple(row))
            for place, (i, row, text) in zip(page.blocks, rows, strict=False)
        )
        asides = frozenset(np.flatnonzero(aside[at : at + len(blocks)]).tolist())
        at += len(blocks)
        done.append(Page(page.text, blocks, page.metadata, page.blocks, asides, labels))
    return done


def _odds(probability: Floats) -> Floats:
    """Logarithmic odds, of at most 49 to 1."""
    bounded = np.clip(probability, 0.02, 0.98)
    return np.log(bounded) - np.log(1 - bounded)


def _kinds(
    model: Model,
    texts: Sequence[str],
    page: NDArray[np.int64],
    frame: int,
    doubt: Floats,
) -> tuple[NDArray[np.int64], Floats]:
    """The label of each block of an article, and the shares of the labels but the frame.

    ``doubt`` is added to the score of the frame, the last label. The shares are calibrated as those
    of a text are: near equality in another language.
    """
    if len(texts) == 0:
        return np.zeros(0, np.int64), np.zeros((0, len(model.labels)))
    _, counts = np.unique(page, return_counts=True)
    scored, parts, spans, size = [], [], [], 0
    start = 0
    # Parts are scored in groups.
    for count in counts.tolist():
        for _, blocks in parts_of(texts[start : start + count]):
            parts.append("\n\n".join(blocks))
            spans.append([len(text) for text in blocks])
            size += len(parts[-1])
            if size >= BATCH:
                scored.append(_score(model, parts, spans))
                parts, spans, size = [], [], 0
        start += count
    if parts:
        scored.append(_score(model, parts, spans))
    found, words = (np.concatenate(own) for own in zip(*scored, strict=True))
    found[:, model.chain.roles_of(frame)] += doubt[:, None]
    label, posteriors = decode(found, counts, model.chain)
    nth = np.repeat(np.arange(len(counts)), counts)
    shares = calibrate(posteriors, nth, words, model.calibration)
    shares[:, frame] = 0
    return label, shares / shares.sum(axis=1, keepdims=True)


def parts_of(blocks: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """The runs of blocks of an article that are looked at together, each behind its first's number.

    ``blocks``: the texts of all blocks of one article.
    """
    low = length = 0
    for i, text in enumerate(blocks):
        length += len(text)
        if length >= PART or i == len(blocks) - 1:
            yield low, blocks[low : i + 1]
            low, length = i + 1, 0


def _score(
    model: Model, parts: Sequence[str], lengths: Sequence[Sequence[int]]
) -> tuple[Floats, Ints]:
    """The scores of the blocks of a group of parts, and their words, as in `Features.known`.

    ``lengths``: of each part's blocks.
    """
    found = batch_of(parts, lengths).features
    return model.score(found), found.known


def batch_of(parts: Sequence[str], lengths: Sequence[Sequence[int]]) -> Batch:
    """Texts with their features, cut not by the splitter, but into blocks of these ``lengths``.

    The blocks of a part are parted by two line breaks.
    """
    starts, ends, base = [], [], 0
    for part, sizes in zip(parts, lengths, strict=True):
        first = np.cumsum([0, *(size + 2 for size in sizes[:-1])]) + base
        starts.append(first)
        ends.append(first + sizes)
        base += len(part) + 1
    # A line break behind each part, so that nothing at its edge meets the next.
    codes = ch.codes("\n".join([*parts, ""]))
    counts = np.array([len(sizes) for sizes in lengths])
    spans = Spans(np.concatenate(starts), np.concatenate(ends), counts)
    bounds = np.cumsum([0, *(len(part) + 1 for part in parts)])
    return take_apart(codes, ch.kinds(codes), bounds, spans)
