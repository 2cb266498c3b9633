"""Accuracy cannot sink unnoticed: ``python -m training.floors`` (called by ``.ci/run``).

Measures on two groups of writers, each labelled by a model of the others, and fails under the
floors in ``training/floors.json``. ``--update`` records new floors, a little under what was
measured, and refuses to lower one unless ``--lower`` is given too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import joblib

from training import counts
from training import pages as pg
from training.evaluate import Group
from training.fit import SETTINGS
from training.folds import Pages
from training.rows import Rows
from training.score import Tally

FLOORS = Path(__file__).with_name("floors.json")

FIGURES = (
    "char_accuracy",
    "line_macro_f1",
    "kept",
    "pure",
    "boundary_f1",
    "recall_satirical_rewrite",
)

SLACK = 0.005
"""How far a floor is under what was measured: other processors round otherwise."""

MEASURED = 2
"""How many of the groups of writers are measured: as many as two processors fit side by side."""


def measure(data: Pages, public: Sequence[Rows]) -> Tally:
    """The counts of `MEASURED` groups together."""

    def one(number: int) -> Tally:
        return Group.of(data, public, SETTINGS, number).tally()

    tallies = joblib.Parallel(n_jobs=2)(joblib.delayed(one)(i) for i in range(MEASURED))
    return sum(tallies, Tally())


def sunk(measured: dict[str, float], floors: dict[str, float]) -> list[str]:
    """What is wrong with the figures, a line each."""
    return [
        f"{name}: {measured.get(name, 0.0):.4f}, under its floor {floor:.4f}"
        for name, floor in floors.items()
        if measured.get(name, 0.0) < floor
    ]


def raised(
    measured: dict[str, float], floors: dict[str, float], *, lower: bool
) -> tuple[dict[str, float], list[str]]:
    """The new floors, and those that only ``lower`` would have let sink."""
    new, refused = {}, []
    for name in FIGURES:
        floor = round(measured[name] - SLACK, 4)
        old = floors.get(name, floor)
        if floor < old and not lower:
            refused.append(f"{name}: {floor:.4f} would lower its floor {old:.4f}; say --lower")
            floor = old
        new[name] = floor
    return new, refused


@click.command()
@click.option("--update", is_flag=True, help="Record the floors anew.")
@click.option("--lower", is_flag=True, help="Let --update lower a floor.")
def main(update: bool, lower: bool) -> None:
    """Measure, and fail under the recorded floors."""
    floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    measured = measure(Pages.of(pg.load()), counts.load_all()).figures()
    for name in FIGURES:
        click.echo(f"{name:28} {measured[name]:.4f}  floor {floors.get(name, 0):.4f}")
    if update:
        new, problems = raised(measured, floors, lower=lower)
        FLOORS.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    else:
        problems = sunk(measured, floors) if floors else [f"{FLOORS.name} is missing"]
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
