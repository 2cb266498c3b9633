"""Precision against recall: what a threshold on a label's probability trades."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

Floats = NDArray[np.float64]

POINTS = 101
"""Places of recall at which a curve is kept."""


def precision_recall(probability: Floats, hit: NDArray[np.bool_], weight: Floats) -> dict[str, Any]:
    """The curve of one label, as [recall, precision], and its average precision.

    Both count characters: ``weight`` has those of each block. At each recall the precision is that
    of the highest threshold that reaches it. A label that no block has has no curve.
    """
    if not hit.any():
        return {"average_precision": None, "points": []}
    precision, recall, _ = precision_recall_curve(hit, probability, sample_weight=weight)
    # The curve comes from full recall downwards; upwards it can be searched.
    precision, recall = precision[::-1], recall[::-1]
    wanted = np.linspace(0, 1, POINTS)
    at = np.searchsorted(recall, wanted - 1e-9).clip(max=len(recall) - 1)
    average = average_precision_score(hit, probability, sample_weight=weight)
    return {
        "average_precision": round(float(average), 4),
        "points": [[round(float(recall[i]), 4), round(float(precision[i]), 4)] for i in at],
    }
