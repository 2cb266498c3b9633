"""The search that chose the settings, to be repeated: ``python -m training.tune`` (``make tune``).

Each setting in turn takes a few values about the one in force, the others staying as they are; a
few folds of writers and, for public text, of sources are left out. Fits are dear and decoding is
cheap, so what concerns the decoder alone is tried on the scores of one fit. Nothing is changed:
the table that is printed, and written to ``reports/tune.json``, is for the one who edits
`training.fit.Settings`. The figures are those that a choice was made by, so those of the choice are
a little too good; `training.evaluate` leaves out each writer afresh.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import click

from training import counts
from training import pages as pg
from training.evaluate import FOLDS, REPORTS, public_sources
from training.fit import SETTINGS, Settings, chain_of, lean_of_roles
from training.floors import FIGURES
from training.folds import Pages, decode_folds, held_out
from training.pipeline import GROUPS
from training.rows import Rows

Change = tuple[str, Settings]


def decoding(settings: Settings) -> list[Change]:
    """Changes that need no new fit."""
    changes = [
        (f"emission weight {value}", replace(settings, emission_weight=value))
        for value in (1.5, 2.0, 3.0, 4.0)
    ]
    return (
        changes
        + [
            (
                f"lean to {label} {nats + step}",
                replace(settings, lean=settings.lean | {label: nats + step}),
            )
            for label, nats in settings.lean.items()
            for step in (-0.5, -0.25, 0.25, 0.5)
        ]
        + [
            (
                f"reluctance to {label} {v}",
                replace(settings, reluctance=settings.reluctance | {label: v}),
            )
            for label in settings.reluctance
            for v in (0.0, 4.0, 12.0)
        ]
    )


def fitting(settings: Settings) -> list[Change]:
    """Changes that need a fit each."""
    scales = settings.scales
    return [
        *((f"C {value}", replace(settings, c=value)) for value in (6.0, 20.0)),
        *((f"min_df 1/{n}", replace(settings, min_df=1 / n)) for n in (100_000, 2_000)),
        *((f"public share {v}", replace(settings, public_share=v)) for v in (0.3, 1.0)),
        *((f"variant weight {v}", replace(settings, variant_weight=v)) for v in (0.25, 1.0)),
        *(
            (f"pool {', '.join(pool) or 'of one'}", replace(settings, pool=pool))
            for pool in ((), settings.pool[:2], tuple(GROUPS))
        ),
        *((f"field share {v}", replace(settings, field_share=v)) for v in (0.0, 0.25, 0.75)),
        *((f"retelling {v}", replace(settings, retelling=v)) for v in (0.0, 1.0, 4.0)),
        *((f"prior discount {v}", replace(settings, prior_discount=v)) for v in (0.0, 1.0)),
        *(
            (f"{name} scale {value}", replace(settings, scales=replace(scales, **{name: value})))
            for name, values in (
                ("words", (0.4, 1.2)),
                ("columns", (1.2, 2.4)),
                ("neighbours", (0.25, 1.0)),
            )
            for value in values
        ),
    ]


def measure(
    data: Pages, public: Sequence[Rows], settings: Settings, folds: int, changes: Sequence[Change]
) -> dict[str, dict[str, float]]:
    """The figures of each of ``changes`` to the decoder, by one fit with ``settings`` a fold.

    A lean is tried on scores that another lean has had a part in, by `segmenter.retelling`: nearly
    what a fit with it gives.
    """
    scores, _, fold = held_out(data, public, settings, folds)
    found = {}
    for name, changed in changes:
        chains = [chain_of(data.take(fold != i).rows, changed) for i in range(folds)]
        leaning = scores + (lean_of_roles(changed.lean) - lean_of_roles(settings.lean))
        figures = data.tally(decode_folds(data, leaning, chains, fold)[0]).figures()
        found[name] = {name: figures[name] for name in FIGURES}
    return found


def tune(
    data: Pages, public: Sequence[Rows], settings: Settings, folds: int, *, sources: bool
) -> dict[str, dict[str, Any]]:
    """All figures by name of the change; with ``sources``, what is kept of each source left out."""
    here = ("as it is", settings)
    found: dict[str, dict[str, Any]] = {}
    found |= measure(data, public, settings, folds, [here, *decoding(settings)])
    for change in fitting(settings):
        found |= measure(data, public, change[1], folds, [change])
    if sources:
        for name, changed in (here, *fitting(settings)):
            kept = public_sources(data, public, changed)
            found[name]["public"] = {source: kept[source]["kept"] for source in kept}
    return found


@click.command()
@click.option("--folds", default=FOLDS, show_default=True, help="Groups of writers.")
@click.option("--sources", is_flag=True, help="Leave out each public source too: twice the time.")
def main(folds: int, sources: bool) -> None:
    """Try each setting about the value in force, and print the figures of unseen writers."""
    began = time.perf_counter()
    found = tune(Pages.of(pg.load()), counts.load_all(), SETTINGS, folds, sources=sources)
    for name, figures in found.items():
        told = "  ".join(f"{figures[figure]:.4f}" for figure in FIGURES)
        click.echo(f"{name:24} {told}  {figures.get('public', '')}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / "tune.json"
    record = {"settings": asdict(SETTINGS), "folds": folds, "tried": found}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    click.echo(f"columns: {', '.join(FIGURES)}; {path}, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
