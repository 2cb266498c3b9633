"""Fits the packaged model: ``python -m training.fit`` (``make train``)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from segmenter.decoder import Chain
from segmenter.errors import SegmenterError
from segmenter.model import STEPS
from segmenter.retelling import Retelling, Words, contrast
from training import calibration, counts
from training import pages as pg
from training.chain import UNKNOWN, fit_chain, role_labels, roles
from training.export import exporter
from training.field import fit_field
from training.pages import LABELS, LabelledPage
from training.pipeline import Scales, pipeline, to_model
from training.rows import Rows, from_pages, join
from training.variants import variants

FIELD_TOL = 5e-4
"""The tolerance of `fit_field`: with 2e-3 the accuracy of a third of the writers is .001 less."""

MODEL = Path(__file__).resolve().parent.parent / "segmenter" / "models" / "default.npz"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen before fitting.

    ``pool``: the group of features that each of the averaged regressions lacks, see
    `training.regression`; on a third of 4,548 pages the accuracy is .941 with these three and .939
    with one regression of all; on 4,236 pages, without the field, .922 for .902 (trafilatura) and
    .952 for .945 (readability) of the report of public sources left out were kept.
    ``field_share``: the share in the mean of what is fitted to whole pages, see `training.field`;
    on a third of 4,548 pages the accuracy is .941 with .5 for .939 with none, the F1 of borders
    .891 for .860, and 54% of the pages for 44% are right from end to end.
    ``without``: columns left out. ``min_df``: the share of blocks up to which a feature is too
    rare to be fitted; most n-grams are. ``c``: inverse strength of the penalty; with 12 for 20 .954
    for .960 of the reports of a third of 4,016 pages are kept, and .933 for .927 of what is kept is
    report, at the same accuracy, and as much is kept of public sources. ``public_share``: the
    weight of public text, for each label it has, as a share of that label's in the pages.
    ``variant_weight``: the weight of a block of a variant, see `training.variants`.
    ``prior_discount``: how much of the logarithm of a role's frequency is taken off its score, so
    that rare roles, such as openings, are told by their look. ``lean``: nats added to the scores of
    a label, which trades report that is lost for what is kept of it wrongly: with .1, .2 or .3 for
    satire .961, .957 or .954 of the reports of 3,117 pages are kept by three groups of writers, and
    .919, .923 or .926 of what is kept is report. ``emission_weight``, ``posterior_weight``,
    ``reluctance``: see `segmenter.decoder` and `training.chain`; with 8 for 0 for interviews .971
    for .929 of l2r's report is kept when left out, and with 12 for 8 .927 for .919 of trafilatura's
    (one page of talk is a twentieth of it), at an accuracy of .941 each on a third of 4,548 pages.
    ``retelling``: how strongly report and comic rewrite are told apart by what a page tells twice,
    see `segmenter.retelling`; with 2 for 0 the accuracy on 3,117 pages by three groups of writers
    is .936 for .930, on 725 pages by thirty later ones .937 for .933, and of public sources left
    out up to .006 less is kept.
    """

    scales: Scales = field(default_factory=Scales)
    pool: tuple[str, ...] = ("neighbours", "words", "columns")
    without: tuple[str, ...] = ()
    min_df: float = 1 / 4000
    c: float = 12.0
    public_share: float = 0.6
    variant_weight: float = 0.5
    prior_discount: float = 0.5
    emission_weight: float = 2.25
    posterior_weight: float = 2.0
    lean: dict[str, float] = field(
        default_factory=lambda: {"satirical_rewrite": 0.2, "boilerplate": -0.7}
    )
    reluctance: dict[str, float] = field(
        default_factory=lambda: {"satirical_rewrite": 8.0, "generated_interview": 12.0}
    )
    retelling: float = 2.0
    field_share: float = 0.5


SETTINGS = Settings()
"""The settings of the packaged model, chosen by leaving out writers and public sources."""


def fit(
    pages: Rows,
    others: Rows | None,
    public: Sequence[Rows],
    settings: Settings,
    names: Sequence[str] = LABELS,
) -> Pipeline:
    """The pipeline, fitted on labelled pages, on variants of them (``others``), and public text.

    Where blocks are learned by themselves, all labels weigh the same in the end; public text first
    weighs `Settings.public_share`. Where pages are, for the field, a label weighs as often as it
    occurs.
    ``names`` are the labels, the last of them the frame. Raises `SegmenterError` for a label that
    no block has.
    """
    labels = len(names)
    rows, weight, page_weight = _weighted(pages, others, public, settings, labels)
    used = weight > 0
    target = roles_of(rows, labels)
    held_roles: NDArray[np.float64] = np.bincount(
        target[used], weights=weight[used], minlength=2 * labels
    ).astype(np.float64)
    held = np.unique(rows.label[used])
    if len(held) < labels:
        missing = next(name for i, name in enumerate(names) if i not in held)
        raise SegmenterError(f"no block of the pages has the label {missing!r}; all must occur")
    fitted = pipeline(settings.scales, settings.c, settings.without, settings.min_df, settings.pool)
    features = fitted.named_steps["weights"].fit_transform(rows).astype(np.float32)
    regression = fitted.named_steps["regression"]
    regression.fit(features[used], target[used], weight[used])
    if not held_roles.all():
        held_roles = _completed(regression, held_roles, labels)
    shares = held_roles / held_roles.sum()
    regression.intercept_ -= settings.prior_discount * np.log(shares)
    if settings.field_share:
        through_pages, iterations = fit_field(
            features,
            rows.label,
            rows.page,
            page_weight,
            fit_chain(label_runs(pages), names, interruption=names[-1]),
            c=settings.c,
            tol=FIELD_TOL,
            max_iter=regression.max_iter,
        )
        regression.coef_ += settings.field_share * (through_pages[:-1].T - regression.coef_)
        regression.intercept_ += settings.field_share * (through_pages[-1] - regression.intercept_)
        regression.n_iter_ += iterations
    regression.intercept_ += lean_of_roles(settings.lean, names)
    # To the steps that a model file keeps, so that file and pipeline say the same.
    regression.coef_ = np.round(regression.coef_ * STEPS) / STEPS
    return fitted


def _weighted(
    pages: Rows, others: Rows | None, public: Sequence[Rows], settings: Settings, labels: int
) -> tuple[Rows, NDArray[np.float64], NDArray[np.float64]]:
    """All rows, what each block weighs by itself, and what its page weighs, both (blocks,).

    Blocks of public text that are told to weigh nothing, or whose label is not known, weigh nothing
    by themselves, and are parts of their pages all the same: these weigh the mean of their blocks.
    """
    parts = [pages]
    weights = [np.ones(len(pages))]
    if others is not None and settings.variant_weight:
        parts.append(others)
        weights.append(np.full(len(others), settings.variant_weight))
    page_weights = list(weights)
    ours = np.bincount(
        np.concatenate([part.label for part in parts]),
        weights=np.concatenate(weights),
        minlength=labels,
    )
    if public:
        theirs = join(public)
        own = np.where(theirs.label < labels, theirs.weight, 0).astype(np.float64)
        page = np.unique(theirs.page, return_inverse=True)[1]
        mean = (np.bincount(page, weights=own) / np.bincount(page))[page]
        theirs, own, mean = theirs.take(mean > 0), own[mean > 0], mean[mean > 0]
    if public and len(theirs):
        place = np.minimum(theirs.label, labels - 1)
        held = np.bincount(place, weights=own, minlength=labels)
        factor = settings.public_share * ours / np.maximum(held, 1)
        parts.append(theirs)
        weights.append(own * factor[place])
        page_weights.append(settings.public_share * ours[held > 0].sum() / held.sum() * mean)
    rows, weight = join(parts), np.concatenate(weights)
    used = weight > 0
    totals = np.bincount(rows.label[used], weights=weight[used], minlength=labels)
    weight[used] *= (np.count_nonzero(used) / labels / np.maximum(totals, 1))[rows.label[used]]
    return rows, weight, np.concatenate(page_weights)


RARE = 0.5
"""The blocks of a role that none has: one that is a single line has nothing behind its opening."""


def _completed(
    regression: LogisticRegression, totals: NDArray[np.float64], labels: int
) -> NDArray[np.float64]:
    """Gives roles that no block has what another of their label has, but makes them rare."""
    of_role = role_labels(labels, labels - 1)
    there = np.flatnonzero(totals)
    like = [
        role if totals[role] else there[of_role[there] == of_role[role]][0]
        for role in range(len(totals))
    ]
    place = np.searchsorted(there, like)
    smoothed = np.maximum(totals, RARE)
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(there) == 2:  # one row stands for both
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    regression.coef_ = coefficients[place]
    regression.intercept_ = intercept[place] + np.log(smoothed / totals[like])
    regression.classes_ = np.arange(len(totals), dtype=regression.classes_.dtype)
    return smoothed


def roles_of(rows: Rows, labels: int = len(LABELS)) -> NDArray[np.int8]:
    """The role of each block, by the labels of its page."""
    runs = [roles(run, labels, labels - 1) for run in label_runs(rows)]
    return np.concatenate([np.full(0, UNKNOWN, np.int8), *runs])


TOLD, RETOLD = "original_report", "satirical_rewrite"
"""The labels that are told apart by what a page tells twice."""


def retelling_of(settings: Settings, names: Sequence[str] = LABELS) -> Retelling:
    """How far `TOLD` and `RETOLD` are told apart by it: not at all unless both are labels."""
    if TOLD not in names or RETOLD not in names:
        return Retelling()
    return Retelling(names.index(TOLD), names.index(RETOLD), settings.retelling)


def role_scores(
    fitted: Pipeline, rows: Rows, settings: Settings, names: Sequence[str] = LABELS
) -> NDArray[np.float64]:
    """Log probabilities of the roles of each block, (blocks, roles), as `Model.score` has them."""
    alone: NDArray[np.float64] = fitted.predict_log_proba(rows)
    words = Words(
        rows.words.indices,
        rows.words.indptr,
        rows.words.sum(axis=1).astype(np.int64),
        rows.page,
        fitted.named_steps["weights"].words_.idf_,
    )
    labels = role_labels(len(names), len(names) - 1)
    scores = alone + contrast(alone, labels, retelling_of(settings, names), words)
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def lean_of_roles(lean: dict[str, float], names: Sequence[str] = LABELS) -> NDArray[np.float64]:
    """What each role's score gains, by its label."""
    gain = np.array([lean.get(name, 0.0) for name in names])
    return gain[role_labels(len(names), len(names) - 1)]


def chain_of(rows: Rows, settings: Settings, names: Sequence[str] = LABELS) -> Chain:
    """The chain of the rows' pages."""
    return fit_chain(
        label_runs(rows),
        names,
        interruption=names[-1],
        weight=settings.emission_weight,
        posterior_weight=settings.posterior_weight,
        reluctance={k: v for k, v in settings.reluctance.items() if k in names[:-1]},
    )


def label_runs(rows: Rows) -> list[NDArray[np.int8]]:
    """The labels of each page's blocks."""
    edges = np.flatnonzero(np.diff(rows.page)) + 1
    return np.split(rows.label, edges)


def describe(pages: Sequence[LabelledPage], others: Rows | None) -> dict[str, object]:
    """What a model fitted on ``pages``, and ``others``, their variants, tells of its data."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.id}\0{page.segments}\n".encode())
    return {
        "pages": len(pages),
        "writers": len({page.writer for page in pages}),
        "words": sum(len(page.text.split()) for page in pages),
        "variants": 0 if others is None else len(np.unique(others.page)),
        "data_sha256": digest.hexdigest(),
    }


@click.command()
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=MODEL,
    help="File to write, in place of the packaged model.",
)
@click.option(
    "--extra",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of further labelled pages, in the page format; may be given several times.",
)
@click.option(
    "--export",
    "exported",
    type=click.Path(path_type=Path),
    help="Write the fitted scikit-learn pipeline too: a .skops file, or .joblib.",
)
def main(output: Path, extra: tuple[Path, ...], exported: Path | None) -> None:
    """Fit the model on ``datasets/`` and write it."""
    began = time.perf_counter()
    settings = SETTINGS
    try:
        # What is wrong in these is told at once.
        export = exporter(exported) if exported is not None else None
        added = pg.load(extra)
        pages = [*pg.load(), *added]
        rows, public = from_pages(pages), counts.load_all()
        click.echo(f"{len(pages)} pages, {len(rows)} blocks; {len(public)} files of public counts")
        others = from_pages(variants(pages))
        fitted, chain = fit(rows, others, public, settings), chain_of(rows, settings)
        about = {"trained on": describe(pages, others), "settings": asdict(settings)}
        model = to_model(fitted, LABELS, chain, calibration.read(), retelling_of(settings), about)
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    model.save(output)
    if export is not None:
        export(fitted)
    click.echo(
        f"{output.name}: {output.stat().st_size / 1e6:.1f} MB, "
        f"{time.perf_counter() - began:.0f} s, "
        f"{fitted.named_steps['regression'].n_iter_[0]} iterations"
    )


if __name__ == "__main__":
    main()
