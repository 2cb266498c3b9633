"""Fits a model with labels of one's own: `make train LABELS=`, ``python -m training.own_labels``.

The machinery is that of the packaged model: the same features, settings, variants of pages and
decoder. Public counts take part as far as their labels mean one of the set.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from segmenter.calibration import Calibration
from segmenter.errors import SegmenterError
from segmenter.model import Model
from training import calibration, counts, label_set
from training import pages as pg
from training.fit import SETTINGS, Settings, chain_of, describe, fit, retelling_of
from training.folds import Pages, decode_folds, held_out
from training.label_set import LabelSet
from training.pages import LabelledPage
from training.pipeline import to_model
from training.rows import Rows

FOLDS = 3
"""Groups of writers, each labelled by a model of the others, to calibrate the confidence."""


PLAIN = replace(SETTINGS, lean={}, reluctance={}, retelling=0.0)
"""The settings for labels of one's own: what the packaged model leans to was chosen for its own."""


def train(
    labels: LabelSet,
    pages: Sequence[LabelledPage],
    public: Sequence[Rows] = (),
    settings: Settings = PLAIN,
    jobs: int = 1,
) -> Model:
    """A model of ``labels``, fitted on pages that carry them or what means them.

    ``public``: counts with the labels of the packaged model. `Model.about` tells what share of the
    characters was labelled right by models that had not seen the writer. Raises `SegmenterError`.
    """
    data = Pages.of(labels.pages(pages), labels=labels.names)
    for place, name in enumerate(labels.names):
        if not (data.rows.label == place).any():
            raise SegmenterError(f"no block of the pages has the label {name!r}; all must occur")
    others = [labels.rows(rows) for rows in public]
    fitted = fit(data.rows, data.others, others, settings, labels.names)
    chain = chain_of(data.rows, settings, labels.names)
    measured, map_ = _measured(data, others, settings, jobs)
    about = {
        "trained on": describe(data.pages, data.others),
        "settings": asdict(settings),
        "unseen writers": measured,
    }
    return to_model(fitted, labels.names, chain, map_, retelling_of(settings, labels.names), about)


def _measured(
    data: Pages, public: Sequence[Rows], settings: Settings, jobs: int
) -> tuple[dict[str, Any], Calibration]:
    """Figures on writers that a model had not seen, and the calibration fitted on them."""
    count = len(data.labels)
    if len({page.writer for page in data.pages}) < FOLDS:
        reason = f"pages of {FOLDS} writers are needed to measure, and to calibrate the confidence"
        return {"not measured": reason}, calibration.neutral(count)
    try:
        scores, chains, fold = held_out(data, public, settings, FOLDS, jobs)
    except SegmenterError as error:
        return {"not measured": f"without some of the writers {error}"}, calibration.neutral(count)
    found, posteriors = decode_folds(data, scores, chains, fold)
    size = (data.ends - data.starts).astype(np.float64)
    right = size * (found == data.rows.label)
    figures = {"characters right": round(float(right.sum() / size.sum()), 4)}
    for place, name in enumerate(data.labels):
        own = data.rows.label == place
        figures[f"{name} found"] = round(float(right[own].sum() / size[own].sum()), 4)
    return figures, calibration.fit_calibration(posteriors, data.rows.label, size)


@click.command()
@click.option("--labels", required=True, help="Labels file, or the labels with commas between.")
@click.option(
    "--pages",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of labelled pages, in the page format; may be given several times. The pages of "
    "datasets/ unless given.",
)
@click.option(
    "--extra",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of further labelled pages.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("own.npz"))
@click.option("--jobs", default=2, show_default=True, help="Processes that measure side by side.")
def main(
    labels: str, pages: tuple[Path, ...], extra: tuple[Path, ...], output: Path, jobs: int
) -> None:
    """Fit a model with labels of your own, and write it."""
    began = time.perf_counter()
    try:
        chosen = label_set.read(labels)
        given = [*pg.load(pages or None), *pg.load(extra)]
        if not given:
            raise SegmenterError("the files hold no page")
        model = train(chosen, given, counts.load_all(), jobs=jobs)
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    model.save(output)
    click.echo(f"{output}: {', '.join(model.labels)}; {time.perf_counter() - began:.0f} s")
    for name, value in model.about["unseen writers"].items():
        click.echo(f"  on pages of unseen writers, {name}: {value}")
    click.echo(f"use it: segmenter label --model {output} PAGE")


if __name__ == "__main__":
    main()
