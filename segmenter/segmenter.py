"""`Segmenter`: the only place that knows the order of the steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from segmenter.calibration import calibrate
from segmenter.decoder import decode
from segmenter.features import extract
from segmenter.labels import Label, known
from segmenter.model import Model
from segmenter.page import Page, make_block
from segmenter.tokens import Ints

if TYPE_CHECKING:
    from segmenter.article_model import ArticleModel
    from segmenter.html import HtmlPage
    from segmenter.structure import Structure
    from segmenter.within import Flags, Floats

T = TypeVar("T")

_MODELS = Path(__file__).with_name("models")

PART = 1 << 18
"""Characters of a page that are looked at together. A longer page is labelled part by part, and
decoded as a whole, so that memory does not grow with it."""

GROUP = 1 << 16
"""Characters whose features are found together: enough to repay the fixed cost of each step, and
few enough for the processor's caches."""

BATCH = 1 << 18
"""Characters after which a batch of pages is full: its pages are decoded side by side."""


class Segmenter:
    r"""Labels pages with a fitted model.

    >>> page = Segmenter.load().segment("Share this article\n\nStorm shuts port, police say")
    >>> [block.text for block in page.blocks]
    ['Share this article', 'Storm shuts port, police say']
    """

    def __init__(self, model: Model, article: ArticleModel | None = None) -> None:
        """A segmenter with this model; ``article`` is for markup, the packaged one unless given."""
        self.model = model
        self._article = article
        self._labels = known(model.labels)

    @classmethod
    def load(cls, path: Path | str | None = None) -> Segmenter:
        """A segmenter with the model file at ``path``, or with the packaged model.

        Raises `ModelError` if the file is no sound model file of this version.
        """
        if path is not None:
            return cls(Model.load(path))
        return cls(Model.load(_MODELS / "default.npz"))

    def segment(self, text: str) -> Page:
        """The page that ``text`` is. Raises `TypeError` for what is no text."""
        return self._segment([_text(text)])[0]

    def clean(self, text: str, keep: Collection[Label | str] | None = None) -> str:
        """The text of the blocks of ``text`` whose label is in ``keep``; see `Page.clean`."""
        return self.segment(text).clean(keep)

    def pipe(self, texts: Iterable[str]) -> Iterator[Page]:
        """The page of each of ``texts``, lazily and in order; faster than one at a time.

        It reads ahead, to about a thousand texts or 256 thousand characters. What ``texts`` raises,
        and `TypeError` for what is no text, is raised behind the pages before it.
        """
        if isinstance(texts, str | bytes):
            raise TypeError("pipe takes many texts; segment takes one")
        for batch in _batches(map(_text, texts), len, BATCH >> 8):
            yield from self._segment(batch)

    def segment_html(self, html: bytes | str) -> Page:
        """The page that ``html`` is rendered to, with its metadata.

        Bytes are decoded as the HTML standard says. What is no article has the model's last label.
        Raises `MissingExtraError` without the extra ``html``, `TypeError` for what is no HTML.
        """
        return next(self.pipe_html([html]))

    def pipe_html(self, pages: Iterable[bytes | str]) -> Iterator[Page]:
        """The page of each of ``pages``, lazily and in order; faster than one at a time.

        As `pipe`, it reads ahead, and raises what ``pages`` raises behind the pages before it.
        """
        from segmenter.html import read_html

        if isinstance(pages, str | bytes):
            raise TypeError("pipe_html takes many pages; segment_html takes one")
        read = map(read_html, map(_html, pages))
        for batch in _batches(read, lambda page: len(page.text), BATCH >> 10):
            yield from self._segment_html(batch)

    @property
    def article_model(self) -> ArticleModel:
        """The model for markup."""
        return self._article or _article_model()

    def find_article(self, pages: Sequence[HtmlPage]) -> tuple[Structure, Floats, Flags, Flags]:
        """What markup says of the blocks of all ``pages``.

        Their structure; the probability that each is of the article's body; whether it was taken
        for the body; whether for an aside: headline, standfirst or caption.
        """
        from segmenter import article
        from segmenter.elements import BIOGRAPHY, CAPTION, COMMENT, HEADLINE
        from segmenter.structure import structure

        found = structure(pages)
        in_article = self.article_model.score(found)
        repeated = found.repeated
        # Captions and headlines may come back as asides.
        vetoed = np.isin(found.columns[:, -1], (COMMENT, BIOGRAPHY, CAPTION, HEADLINE))
        body = article.choose(in_article, found.layout, vetoed, repeated)
        return found, in_article, body, article.asides(found, body, repeated)

    def _segment_html(self, pages: Sequence[HtmlPage]) -> list[Page]:
        """The pages of a batch: markup tells the article, its words tell which kind it is."""
        from segmenter.within import label_pages

        _, in_article, body, aside = self.find_article(pages)
        return label_pages(self.model, pages, in_article, body, aside)

    def _segment(self, texts: Sequence[str]) -> list[Page]:
        """The pages of a batch."""
        starts, ends, scores, words = [], [], [], []
        counts = np.zeros(len(texts), np.int64)
        for group in _groups(texts):
            found = extract([text for _, _, text in group])
            scores.append(self.model.score(found.features))
            words.append(found.features.known)
            np.add.at(counts, [index for index, _, _ in group], found.spans.counts)
            shift = np.array([offset for _, offset, _ in group]) - found.bounds[:-1]
            shift = np.repeat(shift, found.spans.counts)
            starts.append(found.spans.starts + shift)
            ends.append(found.spans.ends + shift)
        labels, posteriors = decode(np.concatenate(scores), counts, self.model.chain)
        page = np.repeat(np.arange(len(texts)), counts)
        probabilities = calibrate(posteriors, page, np.concatenate(words), self.model.calibration)
        begin, end = np.concatenate(starts).tolist(), np.concatenate(ends).tolist()
        fields = zip(
            map(str.__getitem__, _repeated(texts, counts), map(slice, begin, end)),
            begin,
            end,
            map(self._labels.__getitem__, labels.tolist()),
            probabilities[np.arange(len(labels)), labels].tolist(),
            zip(*probabilities.T.tolist(), strict=True),
            strict=True,
        )
        blocks = map(make_block, fields)
        return [
            Page(text, tuple(itertools.islice(blocks, count)), labels=self._labels)
            for text, count in zip(texts, counts.tolist(), strict=True)
        ]


def _text(given: object) -> str:
    """The text that was given. Raises `TypeError`."""
    if isinstance(given, str):
        return given
    raise TypeError(
        f"a page is a str, not {type(given).__name__}; segment_html takes bytes of HTML"
    )


def _html(given: object) -> bytes | str:
    """The HTML that was given. Raises `TypeError`."""
    if isinstance(given, str | bytes):
        return given
    raise TypeError(f"HTML is bytes or a str, not {type(given).__name__}")


def _batches(items: Iterable[T], size_of: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """The items in batches: of `BATCH` characters, or of ``most`` items.

    What ``items`` raises is raised behind the batch before it.
    """
    batch: list[T] = []
    size = 0
    error: Exception | None = None
    source = iter(items)
    while True:
        try:
            item = next(source)
        except StopIteration:
            break
        except Exception as raised:  # handed on behind the batch
            error = raised
            break
        batch.append(item)
        size += size_of(item)
        if size >= BATCH or len(batch) >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
    if error is not None:
        raise error


def _repeated(texts: Sequence[str], counts: Ints) -> Iterator[str]:
    """Each text as often as it has blocks."""
    return itertools.chain.from_iterable(map(itertools.repeat, texts, counts.tolist()))


def _groups(texts: Sequence[str]) -> Iterator[list[tuple[int, int, str]]]:
    """The parts of the texts, as (text, offset, part), in groups of about `GROUP`."""
    group: list[tuple[int, int, str]] = []
    size = 0
    for index, text in enumerate(texts):
        for offset, part in parts_of(text):
            group.append((index, offset, part))
            size += len(part)
            if size >= GROUP:
                yield group
                group, size = [], 0
    if group or not texts:
        yield group


def parts_of(text: str) -> Iterator[tuple[int, str]]:
    """The parts of a text that are looked at together, as (offset, part): one, if it is short."""
    offset = 0
    while True:
        end = _part_end(text, offset)
        yield offset, text[offset:end]
        offset = end
        if offset >= len(text):
            break


def _part_end(text: str, start: int) -> int:
    """Where the part that begins at ``start`` ends: at a line's end, a space, or anywhere."""
    if len(text) - start <= PART:
        return len(text)
    low, high = start + PART // 2, start + PART
    for mark in ("\n\n", "\n", "\r", " "):
        found = text.rfind(mark, low, high)
        if found >= 0:
            return found + len(mark)
    return high


@cache
def _article_model() -> ArticleModel:
    """The packaged model of which blocks of a page with markup are its article."""
    from segmenter.article_model import ArticleModel

    return ArticleModel.load(_MODELS / "html.npz")


@cache
def default() -> Segmenter:
    """The segmenter with the packaged model, loaded once."""
    return Segmenter.load()


def segment(text: str) -> Page:
    """The page that ``text`` is, labelled by the packaged model."""
    return default().segment(text)


def clean(text: str, keep: Collection[Label | str] | None = None) -> str:
    """The cleaned text of ``text``, labelled by the packaged model."""
    return default().clean(text, keep)
