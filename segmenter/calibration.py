"""Posteriors to confidence: what share of blocks with this posterior has the label.

The chain's posteriors are too sure, as those of models with dependent features are. A regression on
their logarithms, fitted on predictions for pages of unseen writers, mends that (Kull et al. 2019,
"Beyond temperature scaling", the Dirichlet map). Text that the model cannot read, because it is in
another language or no sentences at all, gets probabilities near equality: the fewer of its words
are English function words, the nearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 1e-6
"""Posteriors below this count as this."""

PRIOR_WORDS, PRIOR_SHARE = 10, 0.4
"""A page of few words is taken to go on as so many words of English prose would."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The map of posteriors to probabilities.

    ``matrix``, ``bias``: of shapes (labels, labels) and (labels,); the probabilities are the
    softmax of ``matrix @ log(posterior) + bias``. ``familiar``: the share of function words from
    which on a page counts as English prose.
    """

    matrix: Floats
    bias: Floats
    familiar: float


def calibrate(posteriors: Floats, page: Ints, known: Ints, calibration: Calibration) -> Floats:
    """Probabilities of shape (blocks, labels), from posteriors of the same shape.

    ``page``: the page of each block, from 0 on. ``known``: how many words and how many function
    words each block has, (blocks, 2).
    """
    trust = np.square(np.minimum(familiarity(page, known) / calibration.familiar, 1))[page]
    logits = np.zeros(posteriors.shape)
    logs = np.log(np.maximum(posteriors, LEAST))
    # Column by column, not as a matrix product: the same sums whatever the number of blocks.
    for column in range(posteriors.shape[1]):
        logits += logs[:, column, None] * calibration.matrix[:, column]
    logits = (logits + calibration.bias) * trust[:, None]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


def familiarity(page: Ints, known: Ints) -> Floats:
    """The share of function words among the words of each page."""
    pages = int(page.max(initial=-1)) + 1
    words = np.bincount(page, weights=known[:, 0], minlength=pages)
    function = np.bincount(page, weights=known[:, 1], minlength=pages)
    share: Floats = (function + PRIOR_WORDS * PRIOR_SHARE) / (words + PRIOR_WORDS)
    return share
