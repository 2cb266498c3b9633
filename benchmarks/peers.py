"""What a user would pick instead, fitted on the same labelled blocks."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

Predictor = Callable[[Sequence[str]], Any]


def scikit_learn(blocks: Sequence[str], labels: Sequence[str]) -> Predictor:
    """Probabilities by TF-IDF of words and word pairs, and logistic regression."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=30))
    with warnings.catch_warnings():
        # Thirty steps do: how far the fit got changes nothing in how long a prediction takes.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(blocks, labels)
    predict: Predictor = model.predict_proba
    return predict


def fast_text(blocks: Sequence[str], labels: Sequence[str]) -> Predictor:
    """Probabilities by fastText's supervised predictor with word bigrams, a block a line."""
    import fasttext  # the short form runs without it

    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder, "train.txt")
        lines = (
            f"__label__{label} {' '.join(block.split())}\n"
            for label, block in zip(labels, blocks, strict=True)
        )
        path.write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(str(path), wordNgrams=2, thread=1, epoch=5, verbose=0)

    def predict(blocks: Sequence[str]) -> Any:
        # Its Python face fails on numpy 2 for single texts, so the bound method is called as the
        # face calls it for lists: all labels' probabilities of each line.
        lines = [block.replace("\n", " ") + "\n" for block in blocks]
        return model.f.multilinePredict(lines, 4, 0.0, "strict")

    return predict


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Sends what native code writes to standard error nowhere."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
