"""How far probabilities can be believed: calibration error, reliability, risk and coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
