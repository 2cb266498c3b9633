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
from sklearn.pipeline import Pipeline

from segmenter.decoder import Chain
from segmenter.model import Model
from training import pages as pg
from training.chain import fit_chain
from training.pages import LABELS, LabelledPage
from training.pipeline import Scales, pipeline, to_model
from training.rows import Rows, from_pages

MODEL = Path(__file__).resolve().parent.parent / "segmenter" / "models" / "default.npz"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen before fitting."""

    scales: Scales = field(default_factory=Scales)
    c: float = 10.0
    emission_weight: float = 1.4
    posterior_weight: float = 1.0
    reluctance: dict[str, float] = field(default_factory=dict)


def fit(rows: Rows, settings: Settings) -> tuple[Pipeline, Chain]:
    """The fitted pipeline and chain."""
    totals = np.bincount(rows.label, weights=rows.weight, minlength=len(LABELS))
    weight = rows.weight * (totals.sum() / len(LABELS) / np.maximum(totals, 1))[rows.label]
    fitted = pipeline(settings.scales, settings.c)
    fitted.fit(rows, rows.label, regression__sample_weight=weight)
    return fitted, chain_of(rows, settings)


def chain_of(rows: Rows, settings: Settings) -> Chain:
    """The chain of the rows' pages."""
    return fit_chain(
        label_runs(rows),
        LABELS,
        interruption="boilerplate",
        weight=settings.emission_weight,
        posterior_weight=settings.posterior_weight,
        reluctance=settings.reluctance,
    )


def label_runs(rows: Rows) -> list[NDArray[np.int8]]:
    """The labels of each page's blocks."""
    edges = np.flatnonzero(np.diff(rows.page)) + 1
    return np.split(rows.label, edges)


def describe(pages: Sequence[LabelledPage]) -> dict[str, object]:
    """What a model fitted on ``pages`` tells of its data."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.id}\0{page.segments}\n".encode())
    return {
        "pages": len(pages),
        "writers": len({page.writer for page in pages}),
        "words": sum(len(page.text.split()) for page in pages),
        "data_sha256": digest.hexdigest(),
    }


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=MODEL, show_default=False)
def main(output: Path) -> None:
    """Fit the model on ``datasets/`` and write it."""
    began = time.perf_counter()
    pages = pg.load()
    rows = from_pages(pages)
    click.echo(f"{len(pages)} pages, {len(rows)} blocks")
    settings = Settings()
    fitted, chain = fit(rows, settings)
    about = {"trained on": describe(pages), "settings": asdict(settings)}
    model = to_model(fitted, LABELS, chain, about)
    output.parent.mkdir(parents=True, exist_ok=True)
    model.save(output)
    click.echo(
        f"{output.name}: {output.stat().st_size / 1e6:.1f} MB, "
        f"{time.perf_counter() - began:.0f} s, "
        f"{fitted.named_steps['regression'].n_iter_[0]} iterations"
    )


if __name__ == "__main__":
    main()
