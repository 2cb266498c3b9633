"""How far probabilities can be believed: calibration, its error, reliability, risk and coverage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from segmenter.calibration import LEAST, Calibration

CALIBRATION = Path(__file__).with_name("calibration.json")
"""Written by `training.evaluate` from predictions for unseen writers; `training.fit` packs it."""

FAMILIAR = 0.25
"""All labelled pages have a larger share of function words, 99% of pages in other languages a
smaller one (0.32 at least, against 0.18 at the 99th percentile of the trafilatura set's)."""

Floats = NDArray[np.float64]

BINS = 15
"""Bins of the calibration error, of equal width (Guo et al. 2017)."""


def calibration_error(probability: Floats, hit: NDArray[np.bool_], weight: Floats) -> float:
    """Expected calibration error: the mean gap between probability and share of hits, by bins."""
    believed, true, mass = reliability(probability, hit, weight)
    return float((np.abs(believed - true) * mass).sum() / mass.sum())


def reliability(
    probability: Floats, hit: NDArray[np.bool_], weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """For each bin that is not empty: mean probability, share of hits, and mass."""
    place = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    mass = np.bincount(place, weights=weight, minlength=BINS)
    full = np.flatnonzero(mass)
    believed = np.bincount(place, weights=weight * probability, minlength=BINS)[full] / mass[full]
    true = np.bincount(place, weights=weight * hit, minlength=BINS)[full] / mass[full]
    return believed, true, mass[full].astype(np.float64)


def purity_curve(
    kept: NDArray[np.bool_], confidence: Floats, right: NDArray[np.bool_], size: Floats
) -> tuple[Floats, Floats, Floats]:
    """What ``--min-confidence`` trades: thresholds, coverage, and purity of what is kept.

    Coverage is the share of the characters labelled report that stay at a threshold; purity the
    share of these that are report.
    """
    order = np.argsort(-confidence[kept], kind="stable")
    mass, hits = size[kept][order], (size[kept] * right[kept])[order]
    total = np.cumsum(mass)
    return confidence[kept][order], total / total[-1], np.cumsum(hits) / total


def fit_calibration(posteriors: Floats, label: NDArray[np.int8], size: Floats) -> Calibration:
    """The map from the posteriors of unseen pages to their labels; each character counts once."""
    logs = np.log(np.maximum(posteriors, LEAST))
    fitted = LogisticRegression(C=100, max_iter=1000)
    with threadpool_limits(1, user_api="blas"):  # the same on any number of processors
        fitted.fit(logs, label, sample_weight=size / size.mean())
    matrix, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # one row stands for both
        matrix, bias = np.concatenate([-matrix, matrix]) / 2, np.concatenate([-bias, bias]) / 2
    return Calibration(matrix, bias, FAMILIAR)


def neutral(labels: int) -> Calibration:
    """The map that changes nothing on English prose."""
    return Calibration(np.eye(labels), np.zeros(labels), FAMILIAR)


def write(calibration: Calibration, path: Path = CALIBRATION) -> None:
    """Keeps a calibration; five digits are more than the data can tell."""
    data = {
        "matrix": calibration.matrix.round(5).tolist(),
        "bias": calibration.bias.round(5).tolist(),
        "familiar": calibration.familiar,
    }
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def read(path: Path = CALIBRATION) -> Calibration:
    """The calibration in a file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Calibration(np.array(data["matrix"]), np.array(data["bias"]), data["familiar"])
