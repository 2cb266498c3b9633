"""What the markup says about the blocks of pages, in one vectorised pass.

As in `segmenter.features`, there are n-grams, here the tags, classes and ids of the elements that a
block stands in, hashed; and columns, small integers that each bin a count. A model for pages with
markup is fitted on them (`segmenter.article`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from segmenter import characters as ch
from segmenter import tokens as tk
from segmenter.elements import BODY, COMMENT, HEADLINE, LEVELS, ROLES, name_buckets, name_roles
from segmenter.features import Grams
from segmenter.html import Element, HtmlPage
from segmenter.splitter import Spans
from segmenter.tokens import Ints, Tokens

VERSION = 1
"""To be raised whenever the same page gives other features: models and counts tell by it."""

WORD_BITS = 18
"""Words and pairs of words are hashed to 2**bits buckets."""


MISSING = 255
"""The bin of a column of a neighbour that is not there."""

BINS = 256
"""Bins of a column."""

COLUMNS = 37
"""Columns of a block."""

REPEATED_WORDS = 4
"""A block of no more words than this may be said twice."""

_REPEATED_COLUMN = COLUMNS - 3

TAGS = (
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "blockquote", "figcaption",
    "section", "article", "header", "footer", "nav", "aside", "dd", "dt", "pre", "form", "address",
    "body", "main",
)  # fmt: skip
_TAG_CODES = {tag: i for i, tag in enumerate(TAGS)}
_OTHER_TAG = len(TAGS)
_LAST = {".": 1, ":": 4, ",": 6, **dict.fromkeys("!?…", 2), **dict.fromkeys('"”’)»“', 3)}

Bins = NDArray[np.uint8]


class Batch(NamedTuple):
    """Pages side by side: where each one's text starts in the concatenation, blocks, tokens."""

    bounds: Ints
    spans: Spans
    tokens: Tokens


class Layout(NamedTuple):
    """Where the blocks of a batch of pages stand, and how long they are.

    ``words``: int64, the words of each block. ``linked``: float64, the share of its characters
    inside links. ``containers``: int64, (blocks, `LEVELS`), the number in the batch of the elements
    that it stands in, from the inside out; behind the page's body, a number of the page that stands
    for what is above. ``signature``: int64, the same for blocks of a page in elements of like
    name. ``heading``: int64, the level of the heading that the block is, or 0. ``page``: int64.
    """

    words: Ints
    linked: NDArray[np.float64]
    containers: Ints
    signature: Ints
    heading: Ints
    page: Ints


class Structure(NamedTuple):
    """The structure of the blocks of a batch of pages.

    ``path``: the hashed names of the elements of each block. ``terms``: its hashed words and pairs.
    ``columns``: uint8, (blocks, columns). ``titled``: float64, how much of the page's title is in
    the block, if little else is.
    """

    path: Grams
    terms: Grams
    columns: Bins
    layout: Layout
    titled: NDArray[np.float64]

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Blocks of more than `REPEATED_WORDS` words that an earlier block of the page has too."""
        again = self.columns[:, _REPEATED_COLUMN] & 1 == 1
        return np.asarray(again & (self.layout.words > REPEATED_WORDS))


_ABOVE = Element("", "", "", None, 0)


def spans_of(pages: Sequence[HtmlPage]) -> Spans:
    """The blocks of ``pages``, as offsets into the concatenation of their texts."""
    counts = np.array([len(page.blocks) for page in pages], np.int64)
    shift = np.repeat(np.cumsum([0, *(len(page.text) for page in pages)])[:-1], counts)
    starts = np.array([block.start for page in pages for block in page.blocks], np.int64)
    ends = np.array([block.end for page in pages for block in page.blocks], np.int64)
    return Spans(starts + shift, ends + shift, counts)


def structure(pages: Sequence[HtmlPage]) -> Structure:
    """The structure of the blocks of ``pages``."""
    spans = spans_of(pages)
    codes = ch.codes("".join(page.text for page in pages))
    bounds = np.cumsum([0, *(len(page.text) for page in pages)])
    batch = Batch(bounds, spans, tk.tokenize(codes, ch.kinds(codes), spans.starts))
    counts = spans.counts
    page = np.repeat(np.arange(len(pages)), counts)
    # Behind each page's elements, one that stands for what is above its body.
    elements = [element for one in pages for element in (*one.elements, _ABOVE)]
    shifts = np.cumsum([0, *(len(one.elements) + 1 for one in pages)])
    own = np.array([b.element.number for one in pages for b in one.blocks], np.int64) + shifts[page]
    containers = _containers(elements, own, shifts)
    path = _path(elements, own, containers)
    is_word = batch.tokens.kinds != tk.MARK
    words = np.bincount(batch.tokens.block[is_word], minlength=len(page)).astype(np.int64)
    terms = _terms(batch.tokens.hashes[is_word], words)
    length = spans.ends - spans.starts
    linked = np.array([b.linked for one in pages for b in one.blocks], np.int64) / np.maximum(
        length, 1
    )
    names = np.array([crc32(f"{e.tag} {e.classes}".encode("utf-8", "replace")) for e in elements])
    names = names.astype(np.int64)
    key = (names[containers[:, 0]] * 31 + names[containers[:, 1]]) * 4096 + page
    _, signature = np.unique(key, return_inverse=True)
    tags = np.array([_TAG_CODES.get(element.tag, _OTHER_TAG) for element in elements])
    levels = np.select([tags == _TAG_CODES[f"h{i}"] for i in range(1, 7)], range(1, 7), 0)
    heading = np.zeros(len(page), np.int64)
    for level in (2, 1, 0):
        found = levels[containers[:, level]]
        heading = np.where(found > 0, found, heading)
    title, titled = _overlap([one.metadata.title for one in pages], batch, page, words)
    in_description, _ = _overlap([one.metadata.description for one in pages], batch, page, words)
    columns = np.column_stack(
        [
            *_shapes(pages, batch, page, words, linked, tags[own]),
            title,
            in_description,
            *_sums(words, linked, containers, signature, page),
            *_nearby(words, linked, heading, page),
            *_repeated(batch, page),
            _inner(pages),
            _role(elements, containers, heading, titled),
        ]
    ).astype(np.uint8)
    layout = Layout(words, linked, containers, signature, heading, page)
    return Structure(path, terms, columns, layout, titled)


def _terms(hashes: tk.Hashes, words: Ints) -> Grams:
    """The words of each block, and behind each word but the last the pair that it opens."""
    last = np.cumsum(words)[words > 0] - 1
    both = np.empty((len(hashes), 2), np.uint64)
    both[:, 0] = hashes
    both[:-1, 1] = hashes[:-1] * np.uint64(0xD1B54A32D192ED03) + hashes[1:] * np.uint64(
        0xABC98388FB8FAC03
    )
    kept = np.ones(both.shape, bool)
    kept[last, 1] = False
    flat = (both.ravel()[kept.ravel()] >> np.uint64(64 - WORD_BITS)).view(np.int64)
    return Grams(flat, np.concatenate(([0], np.cumsum(np.maximum(2 * words - 1, 0)))))


def _containers(elements: Sequence[Element], own: Ints, shifts: Ints) -> Ints:
    parent = np.zeros(len(elements), np.int64)
    for shift, end in zip(shifts.tolist(), shifts[1:].tolist(), strict=False):
        above = end - 1
        parent[shift:end] = [
            above if element.parent is None else element.parent.number + shift
            for element in elements[shift:end]
        ]
    containers = np.empty((len(own), LEVELS), np.int64)
    containers[:, 0] = own
    for level in range(1, LEVELS):
        containers[:, level] = parent[containers[:, level - 1]]
    return containers


def _path(elements: Sequence[Element], own: Ints, containers: Ints) -> Grams:
    """The names of all containers, then those of the block's own element for themselves."""
    lists: list[tuple[int, ...]] = []
    own_lists: list[tuple[int, ...]] = []
    for element in elements:
        way, alone = name_buckets(element.tag, element.id, element.classes)
        lists.append(way)
        own_lists.append(alone)
    return gather([*lists, *own_lists], np.column_stack((containers, own + len(elements))))


def gather(lists: Sequence[tuple[int, ...]], chosen: Ints) -> Grams:
    """For each row of ``chosen``, the values of the lists that it names, one after the other."""
    size = np.array([len(one) for one in lists], np.int64)
    first = np.cumsum(size) - size
    flat = np.array([value for one in lists for value in one], np.int64)
    count = size[chosen]
    total = np.concatenate(([0], np.cumsum(count.ravel())))
    begin = np.repeat(first[chosen].ravel() - total[:-1], count.ravel())
    bounds = np.concatenate(([0], np.cumsum(count.sum(axis=1))))
    return Grams(flat[begin + np.arange(total[-1])], bounds)


_LENGTHS = np.array([1, 3, 6, 11, 20, 35, 60, 100])
_WORDS = np.array([1, 5, 12, 25, 50, 100, 200, 400, 800, 1600, 3200])
_SHARES = np.array([1e-9, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])


def _bin(values: NDArray[np.float64] | Ints, edges: NDArray[np.float64] | Ints) -> Ints:
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def _near(values: Ints, page: Ints, step: int) -> Ints:
    """The value of the block ``step`` blocks on, or `MISSING` where the page has none."""
    here = np.arange(len(values))
    there = np.clip(here + step, 0, max(len(values) - 1, 0))
    same = (there == here + step) & (page[there] == page)
    return np.where(same, values[there], MISSING)


def _shapes(
    pages: Sequence[HtmlPage],
    batch: Batch,
    page: Ints,
    words: Ints,
    linked: NDArray[np.float64],
    tags: Ints,
) -> list[Ints]:
    """Length, links, last character and tag, of the block and of those around it."""
    last = np.zeros(len(page), np.int64)
    bounds = batch.bounds.tolist()
    ends, at = batch.spans.ends.tolist(), 0
    for number, one in enumerate(pages):
        base = bounds[number]
        for _ in one.blocks:
            character = one.text[ends[at] - base - 1]
            last[at] = _LAST.get(character, 5 if character.isdigit() else 0)
            at += 1
    length = _bin(words, _LENGTHS)
    shape = (length * 4 + _bin(linked, np.array([1e-9, 0.3, 0.7]))) * 7 + last
    shape = np.minimum(shape, MISSING - 1)
    tagged = tags * 9 + length
    return [
        shape,
        *(_near(shape, page, step) for step in (-3, -2, -1, 1, 2, 3)),
        tagged,
        *(_near(tagged, page, step) for step in (-2, -1, 1, 2)),
    ]


def _overlap(
    texts: Sequence[str], batch: Batch, page: Ints, words: Ints
) -> tuple[Ints, NDArray[np.float64]]:
    """What a block shares with its page's own text of ``texts``: a column, and a share."""
    lead = "\n".join(texts) + "\n"
    codes = ch.codes(lead)
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    tokens = tk.tokenize(codes, ch.kinds(codes), np.zeros(1, np.int64))
    word = tokens.kinds != tk.MARK
    owner = np.searchsorted(starts, tokens.starts[word], side="right") - 1
    salt = np.uint64(0x9E3779B97F4A7C15)
    theirs = np.unique(tokens.hashes[word] + owner.astype(np.uint64) * salt)
    sizes = np.bincount(owner, minlength=len(texts))
    ours = np.flatnonzero(batch.tokens.kinds != tk.MARK)
    block = batch.tokens.block[ours]
    hashes = batch.tokens.hashes[ours] + page[block].astype(np.uint64) * salt
    shared = np.bincount(block[np.isin(hashes, theirs)], minlength=len(page))
    of_block = shared / np.maximum(words, 1)
    of_text = np.minimum(shared / np.maximum(sizes[page], 1), 1)
    six = np.array([1e-9, 0.25, 0.5, 0.75, 0.99])
    there = (sizes[page] > 0).astype(np.int64)
    column = there * (1 + 6 * _bin(of_block, six) + _bin(of_text, six))
    return column, np.where(of_block > 0.6, of_text, 0.0)


def _sums(
    words: Ints, linked: NDArray[np.float64], containers: Ints, signature: Ints, page: Ints
) -> list[Ints]:
    """What stands in the block's containers, and in all blocks of its signature."""
    weight = words.astype(np.float64)
    prose = weight * ((words >= 12) & (linked < 0.3))
    columns: list[Ints] = []
    at_page = np.bincount(page, weight)
    count = np.bincount(signature)[signature]
    total = np.bincount(signature, weight)[signature]
    links = np.bincount(signature, weight * linked)[signature] / np.maximum(total, 1)
    columns.append(_log(count, 11) * 12 + _bin(total / np.maximum(count, 1), _WORDS))
    columns.append(
        _bin(links, _SHARES) * 12 + (total / np.maximum(at_page[page], 1) * 10).astype(np.int64)
    )
    inside = [
        within(containers, values)
        for values in (np.ones(len(words)), weight, weight * linked, prose)
    ]
    for level in range(6):
        blocks, text, links, prosaic = (sums[containers[:, level]] for sums in inside)
        text = np.maximum(text, 1)
        columns.append(_bin(text, _WORDS) * 8 + _bin(links / text, _SHARES))
        columns.append(
            _log(blocks.astype(np.int64), 15) * 11 + (prosaic / text * 10).astype(np.int64)
        )
    return columns


def within(containers: Ints, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the blocks' ``values`` in each container, by its number."""
    size = int(containers.max(initial=0)) + 1
    sums = np.zeros(size)
    sums += np.bincount(containers[:, 0], values, minlength=size)
    for level in range(1, LEVELS):
        fresh = containers[:, level] != containers[:, level - 1]
        sums += np.bincount(containers[fresh, level], values[fresh], minlength=size)
    return sums


def _log(counts: Ints, most: int) -> Ints:
    """Bins of whole numbers, by powers of two."""
    return np.minimum(np.frexp(counts.astype(np.float64))[1], most).astype(np.int64)


def _nearby(words: Ints, linked: NDArray[np.float64], heading: Ints, page: Ints) -> list[Ints]:
    """How much prose stands on either side, how far off, and where the page's ``h1`` is."""
    here = np.arange(len(words))
    low, high = np.searchsorted(page, page), np.searchsorted(page, page, side="right")
    prose = np.where(linked < 0.3, np.minimum(words, 200), 0)
    total = np.concatenate(([0], np.cumsum(prose)))
    columns = [
        _bin(total[here] - total[np.maximum(here - 5, low)], _WORDS),
        _bin(total[np.minimum(here + 6, high)] - total[here + 1], _WORDS),
    ]
    for chosen in ((words >= 40) & (linked < 0.2), heading == 1):
        place = np.flatnonzero(chosen)
        behind = np.searchsorted(place, here, side="left")
        edge = np.concatenate(([-1], place, [-1]))
        before = edge[behind]
        columns.append(np.where(before >= low, 1 + _log(here - before, 10), 0))
        after = edge[np.searchsorted(place, here, side="right") + 1]
        columns.append(np.where((after >= 0) & (after < high), 1 + _log(after - here, 10), 0))
    return columns


def _repeated(batch: Batch, page: Ints) -> list[Ints]:
    """Whether the words of a block stand on the page before, or again."""
    order = np.arange(len(batch.tokens.block)) - batch.tokens.bounds[:-1][batch.tokens.block]
    mixed = batch.tokens.hashes * (2 * order + 1).astype(np.uint64)
    total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed)))
    key = total[batch.tokens.bounds[1:]] - total[batch.tokens.bounds[:-1]]
    key += page.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    count = np.bincount(group)[group] if len(group) else group
    return [np.minimum(count, 4) * 2 + (first[group] < np.arange(len(group)))]


def _inner(pages: Sequence[HtmlPage]) -> Ints:
    """The inline elements that a block begins in."""
    return np.array(
        [
            1 + crc32(" ".join(block.inner).encode()) % 250 if block.inner else 0
            for page in pages
            for block in page.blocks
        ],
        np.int64,
    )


def _role(
    elements: Sequence[Element],
    containers: Ints,
    heading: Ints,
    titled: NDArray[np.float64],
) -> Ints:
    """What part of the page each block is, `BODY` unless its names or the title tell."""
    mask = np.array([name_roles(element.tag, element.id, element.classes) for element in elements])
    role = np.full(len(titled), BODY)
    for part, levels, _ in reversed(ROLES):
        found = (mask[containers[:, :levels]] >> part & 1).any(axis=1)
        role = np.where(found, part, role)
        if part == COMMENT:
            comment = found
    role = np.where((heading == 1) | (titled > 0.8), HEADLINE, role)
    return np.where(comment, COMMENT, role)
