"""All figures, by honest splits: ``python -m training.evaluate`` (``make evaluate``).

Writes ``reports/evaluation.json`` and ``reports/evaluation.html``. Every figure on labelled pages
is of a model that has not seen the page's writer, every figure on a public source of a model that
has not seen the source.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from segmenter.calibration import calibrate
from segmenter.cues import EXTRA_CUES, OUTSIDE
from segmenter.decoder import decode
from segmenter.layout import LAYOUT, SURROUNDINGS
from segmenter.lexicon import CUE_NAMES
from segmenter.overlap import OVERLAP
from training import calibration, counts, report
from training import pages as pg
from training.calibration import calibration_error, purity_curve, reliability
from training.curves import precision_recall
from training.damage import DAMAGES, damaged
from training.fit import SETTINGS, Settings, chain_of, describe, fit, role_scores
from training.folds import Pages, decode_folds, fold_of, held_out
from training.names import strongest
from training.pages import LABELS, LabelledPage
from training.pipeline import Scales
from training.rows import Rows
from training.score import Tally, spread

REPORTS = pg.DATASETS.parent / "reports"
FOLDS = 3
"""Groups of the writers, where many models are fitted."""

CURVE = (0.125, 0.25, 0.5, 1.0)
DRAWS = 2

Figures = dict[str, Any]


def by_group(data: Pages, labels: NDArray[np.int64], key: Callable[[LabelledPage], str]) -> Figures:
    """The figures of each group of pages."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for page, own in data.each():
        of_character = spread(len(page.text), data.starts[own], data.ends[own], labels[own])
        tallies[key(page)].add(page, of_character)
    return {
        name: {"pages": tally.pages, **tally.figures()} for name, tally in sorted(tallies.items())
    }


def detail(name: str) -> Callable[[LabelledPage], str]:
    """What a page tells of ``name``."""
    return lambda page: page.details.get(name, "none")


def public_sources(data: Pages, public: Sequence[Rows], settings: Settings) -> Figures:
    """For each public source, figures of a model that has not seen it."""

    def one(i: int) -> tuple[str, Figures]:
        source = public[i]
        others = [part for j, part in enumerate(public) if j != i]
        fitted = fit(data.rows, data.others, others, settings)
        chain = chain_of(data.rows, settings)
        lengths = np.unique(source.page, return_counts=True)[1]
        labels, _ = decode(role_scores(fitted, source, settings), lengths, chain)
        size, known = source.size.astype(np.float64), source.label < len(LABELS)
        is_report = source.label == 0
        taken = (labels == 0) & known
        made_up = np.isin(labels, (1, 2)) & known
        return str(source.group[0]), {
            "pages": len(lengths),
            "kept": round(float(size[is_report & taken].sum() / size[is_report].sum()), 4),
            "pure": round(float(size[is_report & taken].sum() / size[taken].sum()), 4),
            "called satire or interview": round(float(size[made_up].sum() / size[known].sum()), 4),
        }

    return dict(joblib.Parallel(n_jobs=2)(joblib.delayed(one)(i) for i in range(len(public))))


def cross_calibrated(data: Pages, posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities by a calibration that was fitted on other writers' pages: on half for half."""
    half = np.repeat(fold_of(data.pages, 2), data.counts)
    size = (data.ends - data.starts).astype(np.float64)
    probabilities = np.zeros(posteriors.shape)
    for number in (0, 1):
        seen, unseen = half != number, half == number
        fitted = calibration.fit_calibration(posteriors[seen], data.rows.label[seen], size[seen])
        blocks = int(unseen.sum())
        page, known = np.zeros(blocks, np.int64), np.zeros((blocks, 2), np.int64)
        probabilities[unseen] = calibrate(posteriors[unseen], page, known, fitted)
    return probabilities


def confidence(
    data: Pages, labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> Figures:
    """Calibration error, reliability and precision by label, what a least confidence trades."""
    size = (data.ends - data.starts).astype(np.float64)
    gold = data.rows.label.astype(np.int64)
    sure = probabilities[np.arange(len(labels)), labels]
    right = labels == gold
    found: Figures = {
        "calibration_error": round(calibration_error(sure, right, size), 4),
        "by_label": {},
        "reliability": {},
        "precision_recall": {},
    }
    for i, label in enumerate(LABELS):
        own = probabilities[:, i]
        hit = gold == i
        found["by_label"][label] = round(calibration_error(own, hit, size), 4)
        found["precision_recall"][label] = precision_recall(own, hit, size)
        believed, true, mass = reliability(own, hit, size)
        found["reliability"][label] = [
            [round(float(a), 4), round(float(b), 4), round(float(c / mass.sum()), 4)]
            for a, b, c in zip(believed, true, mass, strict=True)
        ]
    threshold, coverage, purity = purity_curve(labels == 0, sure, gold == 0, size)
    points = np.searchsorted(coverage, np.linspace(0.3, 1, 36)).clip(max=len(coverage) - 1)
    found["risk_coverage"] = [
        [round(float(threshold[i]), 4), round(float(coverage[i]), 4), round(float(purity[i]), 4)]
        for i in points.tolist()
    ]
    at = int(np.searchsorted(coverage, 0.9))
    found["pure_at_90_coverage"] = round(float(purity[min(at, len(purity) - 1)]), 4)
    return found


@dataclass(frozen=True)
class Group:
    """The writers of one group, and a model of those of the others."""

    seen: Pages
    unseen: Pages
    public: Sequence[Rows]
    settings: Settings
    fitted: Pipeline

    @classmethod
    def of(cls, data: Pages, public: Sequence[Rows], settings: Settings, number: int = 0) -> Group:
        """One of `FOLDS` groups of the writers, the first unless told."""
        fold = fold_of(data.pages, FOLDS)
        seen, unseen = data.take(fold != number), data.take(fold == number)
        return cls(seen, unseen, public, settings, fit(seen.rows, seen.others, public, settings))

    def labels(self, pages: Pages) -> NDArray[np.int64]:
        """The labels of pages that the model has not seen."""
        chain = chain_of(self.seen.rows, self.settings)
        return decode(role_scores(self.fitted, pages.rows, self.settings), pages.counts, chain)[0]

    def tally(self) -> Tally:
        """The counts of the group."""
        return self.unseen.tally(self.labels(self.unseen))

    def figures(self) -> Figures:
        """The figures of the group."""
        return self.tally().figures()

    def after(self, settings: Settings) -> Group:
        """The same with other settings; fitted anew unless only `Settings.retelling` differs."""
        if replace(settings, retelling=self.settings.retelling) == self.settings:
            return replace(self, settings=settings)
        fitted = fit(self.seen.rows, self.seen.others, self.public, settings)
        return replace(self, settings=settings, fitted=fitted)

    def of_some(self, share: float, draw: int) -> Group:
        """The same with a model of a share of the pages only."""
        pages = len(self.seen.pages)
        some = self.seen.take(np.random.default_rng(draw).permutation(pages) < share * pages)
        fitted = fit(some.rows, some.others, self.public, self.settings)
        return replace(self, seen=some, fitted=fitted)


def learning_curve(group: Group) -> list[Figures]:
    """Figures over the share of the pages that is trained on, in several draws."""

    def one(share: float, draw: int) -> tuple[float, int, Figures]:
        some = group.of_some(share, draw) if share < 1 else group
        return share, len(some.seen.pages), some.figures()

    tasks = [(share, draw) for share in CURVE for draw in range(DRAWS if share < 1 else 1)]
    results = joblib.Parallel(n_jobs=2)(joblib.delayed(one)(*task) for task in tasks)
    curve = []
    for share in CURVE:
        draws = [(pages, figures) for own, pages, figures in results if own == share]
        names = ("char_accuracy", "line_macro_f1", "boundary_f1")
        told = {name: [round(figures[name], 4) for _, figures in draws] for name in names}
        curve.append({"pages": draws[0][0], **told})
    return curve


def ablations(settings: Settings) -> dict[str, Settings]:
    """The settings with one part left out, by its name: features, pool, field, retelling."""
    style = {*CUE_NAMES, *EXTRA_CUES, *(f"{n}, outside quotations" for n in OUTSIDE)}

    def without(*columns: str) -> Settings:
        return replace(settings, without=tuple(columns))

    def scaled(**scales: float) -> Settings:
        return replace(settings, scales=Scales(**{**asdict(settings.scales), **scales}))

    return {
        "all features": settings,
        "no masked n-grams": scaled(masked=0.0),
        "no words": scaled(words=0.0),
        "no style": without(*style),
        "no layout": without(*LAYOUT, *SURROUNDINGS),
        "no overlap": without(*OVERLAP),
        "no neighbours": scaled(neighbours=0.0),
        "one regression of all": replace(settings, pool=()),
        "no field": replace(settings, field_share=0.0),
        "no retelling": replace(settings, retelling=0.0),
    }


def ablation(group: Group) -> Figures:
    """The figures with each of `ablations` left out."""

    def one(settings: Settings) -> Figures:
        return group.after(settings).figures()

    changes = ablations(group.settings)
    results = joblib.Parallel(n_jobs=2)(joblib.delayed(one)(own) for own in changes.values())
    return dict(zip(changes, results, strict=True))


def robustness(group: Group) -> Figures:
    """The figures on pages that are damaged."""
    figures = {}
    for kind in ("none", *DAMAGES):
        pages = [page if kind == "none" else damaged(page, kind) for page in group.unseen.pages]
        part = Pages.of([page for page in pages if page.text.strip()], varied=False)
        figures[kind] = part.tally(group.labels(part)).figures()
    return figures


def worst(data: Pages, labels: NDArray[np.int64], count: int = 30) -> list[Figures]:
    """The pages with the largest share of wrong characters, and their blocks."""
    pages: list[Figures] = []
    for page, own in data.each():
        gold = data.rows.label[own]
        size = data.ends[own] - data.starts[own]
        wrong = float(size[gold != labels[own]].sum() / max(size.sum(), 1))
        blocks = [
            {
                "text": page.text[start:end][:600],
                "gold": LABELS[a],
                "found": LABELS[b],
            }
            for start, end, a, b in zip(
                data.starts[own].tolist(),
                data.ends[own].tolist(),
                gold.tolist(),
                labels[own].tolist(),
                strict=True,
            )
        ]
        pages.append({"id": page.id, "wrong": round(wrong, 4), "blocks": blocks})
    return sorted(pages, key=lambda page: -page["wrong"])[:count]


def measure(quick: bool, folds: int | None = None) -> Figures:
    """All figures; ``quick`` leaves out the learning curve, ablations and damage.

    Writers are left out one at a time, or in so many groups.
    """
    settings = SETTINGS
    data, public = Pages.of(pg.load()), counts.load_all()
    scores, chains, fold = held_out(data, public, settings, folds)
    labels, posteriors = decode_folds(data, scores, chains, fold)
    probabilities = cross_calibrated(data, posteriors)
    tally = data.tally(labels)
    found: Figures = {
        **describe(data.pages, data.others),
        "folds": len(chains),
        "blocks": len(labels),
        "settings": asdict(settings),
        "overall": tally.figures(),
        "line_f1": {name: round(value, 4) for name, value in tally.line_f1().items()},
        "confusion_lines": tally.lines[:, : len(LABELS)].tolist(),
        "by": {
            "writer": by_group(data, labels, lambda page: page.writer),
            **{
                name: by_group(data, labels, detail(name))
                for name in ("shape", "voice", "interview", "from_language", "damage")
            },
        },
        "public_sources": public_sources(data, public, settings),
        "confidence": confidence(data, labels, probabilities),
        "worst": worst(data, labels),
        "strongest": strongest(fit(data.rows, data.others, public, settings), data.pages),
    }
    size = (data.ends - data.starts).astype(np.float64)
    calibration.write(calibration.fit_calibration(posteriors, data.rows.label, size))
    if not quick:
        group = Group.of(data, public, settings)
        found["group"] = {"pages": len(group.unseen.pages), "of": FOLDS}
        found["learning_curve"] = learning_curve(group)
        found["ablation"] = ablation(group)
        found["robustness"] = robustness(group)
    return found


@click.command()
@click.option("--quick", is_flag=True, help="Without learning curve, ablation and robustness.")
@click.option("--folds", type=int, help="Leave writers out in so many groups, not one at a time.")
@click.option("--output", type=click.Path(path_type=Path), default=REPORTS)
def main(quick: bool, folds: int | None, output: Path) -> None:
    """Measure by leave-one-writer-out and leave-one-source-out, and write the report."""
    began = time.perf_counter()
    found = measure(quick, folds)
    output.mkdir(parents=True, exist_ok=True)
    path = output / "evaluation.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (output / "evaluation.html").write_text(report.web_page(found), encoding="utf-8")
    for name, value in found["overall"].items():
        click.echo(f"{name:28} {value:.4f}")
    for name, source in found["public_sources"].items():
        click.echo(f"public {name:21} {source}")
    click.echo(f"calibration error            {found['confidence']['by_label']}")
    click.echo(f"pure at 90% coverage         {found['confidence']['pure_at_90_coverage']}")
    click.echo(f"{path} and evaluation.html, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
