"""Fits the model that tells a page's article from the rest: ``python -m training.article``.

Two stages, both logistic regressions: the first on counts of the block and its near blocks, the
second on what the first says of the blocks around. The second learns from probabilities that the
first gives to pages it was not fitted on, since those are what it meets on a new page.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from segmenter import structure as st
from segmenter.article import around
from segmenter.article_model import ArticleModel
from segmenter.elements import HEADLINE, PATH_BITS
from training import markup_counts
from training import pages as pg
from training.markup import MarkupRows, join, rows_of
from training.pages import LabelledPage
from training.regression import PooledRegression
from training.render import generator, render
from training.variants import fragments

MODEL = Path(__file__).resolve().parent.parent / "segmenter" / "models" / "html.npz"

Floats = NDArray[np.float64]

OURS, FRAGMENTS = "ours", "ours-fragments"
"""Our labelled pages, rendered, and the fragments of them that are pages of their own."""

BATCH = 256
"""Pages that are looked at in one pass."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen before fitting.

    ``path``, ``terms``, ``columns``: what each group of features is multiplied by. ``c``,
    ``second_c``: inverse strength of the penalties. ``folds``: of pages, for the second stage.
    ``shares``: the weight of a block by its group. Fragments of our pages weigh little: with
    public sources left out, .25 for them finds .925 of what trafilatura's pages should give and
    leaves out .892 of the rest, .05 finds .931 and leaves out .894; fits alike differ by .004.
    ``tol``, ``fold_tol``: where the search of the first stage ends, and sooner on the folds, which
    only feed the second.
    """

    path: float = 1.5
    terms: float = 0.6
    columns: float = 3.0
    c: float = 2.0
    second_c: float = 1.0
    folds: int = 4
    shares: tuple[tuple[str, float], ...] = (
        ("readability", 0.5), ("fundus", 2.0), ("trafilatura", 1.0), ("trafilatura-other", 1.0),
        (OURS, 0.25), (FRAGMENTS, 0.05),
    )  # fmt: skip
    tol: float = 1e-4
    fold_tol: float = 1e-3
    max_iter: int = 200


def idf_of(counts: sparse.csr_array) -> Floats:
    """Inverse document frequencies, smoothed; float32 values, which the model file keeps."""
    present = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + present)) + 1
    return np.asarray(np.where(present > 0, idf, 0).astype(np.float32), np.float64)


def first_stage(rows: MarkupRows, path_idf: Floats, term_idf: Floats, scales: Settings) -> Any:
    """The weights that the first regression sees: sparse, (blocks, features)."""
    blocks, columns = rows.columns.shape
    chosen = rows.columns.astype(np.int64) + st.BINS * np.arange(columns)
    bounds = np.arange(0, blocks * columns + 1, columns)
    values = np.full(blocks * columns, scales.columns / np.sqrt(columns))
    shaped = sparse.csr_array((values, chosen.ravel(), bounds), (blocks, columns * st.BINS))
    return sparse.hstack(
        [
            _normalised(rows.path, path_idf) * scales.path,
            _normalised(rows.terms, term_idf) * scales.terms,
            shaped,
        ],
        format="csr",
    )


def _normalised(counts: sparse.csr_array, idf: Floats) -> sparse.csr_array:
    norm = np.sqrt(counts @ idf**2)
    scale = sparse.diags_array(1 / np.maximum(norm, np.finfo(np.float64).tiny))
    return scale @ counts.astype(np.float64) @ sparse.diags_array(idf)


@dataclass(frozen=True)
class Fitted:
    """Both regressions, and the inverse document frequencies of the first."""

    path_idf: Floats
    term_idf: Floats
    first: LogisticRegression
    second: LogisticRegression
    settings: Settings

    def probabilities(self, rows: MarkupRows) -> tuple[Floats, Floats]:
        """The article's probability by the first and by the second stage."""
        weights = first_stage(rows, self.path_idf, self.term_idf, self.settings)
        one = self.first.predict_proba(weights)[:, 1]
        return one, self.second.predict_proba(around(one, rows.layout))[:, 1]


def fit(rows: MarkupRows, settings: Settings) -> Fitted:
    """Both stages, fitted on ``rows``."""
    shares = dict(settings.shares)
    weight = rows.weight * np.array([shares.get(g, 1.0) for g in rows.group.tolist()])
    target = (rows.label > 0.5).astype(int)
    path_idf, term_idf = idf_of(rows.path), idf_of(rows.terms)
    weights = first_stage(rows, path_idf, term_idf, settings)

    def regress(chosen: NDArray[np.bool_], tol: float) -> LogisticRegression:
        chosen = chosen & (weight > 0)
        model = PooledRegression(C=settings.c, max_iter=settings.max_iter, tol=tol)
        return model.fit(weights[chosen], target[chosen], weight[chosen])

    page = rows.layout.page
    unseen = np.zeros(len(rows))
    # Neighbouring pages of a corpus are of one site as often as not: folds are runs of pages.
    pages = int(page.max()) + 1
    fold = page * settings.folds // pages
    for number in range(settings.folds):
        own = fold == number
        unseen[own] = regress(~own, settings.fold_tol).predict_proba(weights[own])[:, 1]
    numbers = around(unseen, rows.layout)
    kept = weight > 0
    second = LogisticRegression(C=settings.second_c, max_iter=500)
    with threadpool_limits(1, user_api="blas"):  # the same on any number of processors
        second.fit(numbers[kept], target[kept], weight[kept])
    whole = regress(np.ones(len(rows), bool), settings.tol)
    return Fitted(path_idf, term_idf, whole, second, settings)


def our_rows(pages: Sequence[LabelledPage]) -> MarkupRows:
    """The rows of our labelled pages, rendered; the headline is no body.

    Short pages of them take part too: without these a brief of two paragraphs is lost.
    """
    sources = [*((page, OURS) for page in pages), *((page, FRAGMENTS) for page in fragments(pages))]
    rendered = [(render(page, generator(page)), group) for page, group in sources]
    rendered = [(page, group) for page, group in rendered if page.page.blocks]
    parts = []
    for low in range(0, len(rendered), BATCH):
        made, groups = zip(*rendered[low : low + BATCH], strict=True)
        found = st.structure([page.page for page in made])
        text = np.array([label != "boilerplate" for page in made for label in page.labels])
        body = text & (found.columns[:, -1] != HEADLINE)
        parts.append(rows_of(found, body, np.ones(len(body)), groups))
    return join(parts)


def to_model(fitted: Fitted, about: dict[str, Any]) -> ArticleModel:
    """The numbers of a fitted model as an `ArticleModel`."""
    settings = fitted.settings
    sizes = [1 << PATH_BITS, 1 << st.WORD_BITS]
    path, terms, columns = np.split(fitted.first.coef_[0], np.cumsum(sizes))
    scale = settings.columns / np.sqrt(st.COLUMNS)

    def kept(array: NDArray[Any]) -> NDArray[np.float32]:
        return np.ascontiguousarray(array, np.float32)

    return ArticleModel(
        path_idf=kept(fitted.path_idf),
        path=kept(path * settings.path),
        term_idf=kept(fitted.term_idf),
        terms=kept(terms * settings.terms),
        columns=kept(columns * scale),
        around=kept(fitted.second.coef_[0]),
        bias=kept(np.concatenate([fitted.first.intercept_, fitted.second.intercept_])),
        about=about,
    )


def train(
    public: Sequence[MarkupRows], pages: Sequence[LabelledPage], settings: Settings
) -> ArticleModel:
    """The model of public rows and of our pages."""
    rows = join([*public, our_rows(pages)])
    groups, counts = np.unique(rows.group, return_counts=True)
    blocks = dict(zip(groups.tolist(), counts.tolist(), strict=True))
    about = {"trained on": {"blocks": blocks}, "settings": asdict(settings)}
    return to_model(fit(rows, settings), about)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=MODEL, show_default=False)
@click.option("--without", multiple=True, help="Group to leave out, such as fundus.")
def main(output: Path, without: tuple[str, ...]) -> None:
    """Fit the model for pages with markup on ``datasets/`` and write it."""
    began = time.perf_counter()
    public = [rows.take(~np.isin(rows.group, without)) for rows in markup_counts.load_all()]
    model = train([rows for rows in public if len(rows)], pg.load(), Settings())
    output.parent.mkdir(parents=True, exist_ok=True)
    model.save(output)
    told = ", ".join(f"{name} {n}" for name, n in model.about["trained on"]["blocks"].items())
    click.echo(
        f"{output.name}: {output.stat().st_size / 1e6:.1f} MB, "
        f"{time.perf_counter() - began:.0f} s; "
        f"{told}"
    )


if __name__ == "__main__":
    main()
