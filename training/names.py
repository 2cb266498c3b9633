"""The strongest features of each label, by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.pipeline import Pipeline

from segmenter import columns as cols
from segmenter.explain import gram_names
from segmenter.features import extract
from training.chain import role_labels
from training.pages import LABELS, LabelledPage
from training.pipeline import GROUPS, MASKED

TOP = 40


def strongest(fitted: Pipeline, pages: Sequence[LabelledPage]) -> dict[str, list[str]]:
    """For each label, the features with the largest weights, n-grams named from ``pages``.

    A label's weights are the means of its roles'. A bucket is named by the n-gram that occurs in it
    first; others may share it.
    """
    weights = fitted.named_steps["weights"]
    idf = np.concatenate([weights.masked_.idf_, weights.words_.idf_])
    coefficients = fitted.named_steps["regression"].coef_
    coefficients = coefficients - coefficients.mean(axis=0)
    role_label = role_labels(len(LABELS), LABELS.index("boilerplate"))
    by_label = [coefficients[role_label == i].mean(axis=0) for i in range(len(LABELS))]
    names = bucket_names(pages)
    used = np.array(sorted(names))
    columns = cols.column_names()
    own = slice(*GROUPS["columns"])
    found = {}
    for label, row in zip(LABELS, by_label, strict=True):
        grams = row[used] * idf[used]
        best = used[np.argsort(-grams)[:TOP]]
        bins = np.argsort(-row[own])[:TOP]
        found[label] = [names[int(i)] for i in best] + [
            f"{columns[i // cols.BINS]} = {cols.bin_name(columns[i // cols.BINS], i % cols.BINS)}"
            for i in bins.tolist()
        ]
    return found


def bucket_names(pages: Sequence[LabelledPage]) -> dict[int, str]:
    """A name for each bucket that the pages use; words stand behind the masked n-grams."""
    names: dict[int, str] = {}
    for page in pages:
        batch = extract([page.text])
        features = batch.features
        for block in range(len(batch.spans.starts)):
            masked, words = gram_names(page.text, batch, block)
            for group, shift, own in (
                (features.masked, 0, masked),
                (features.words, MASKED, words),
            ):
                for grams, found in zip(group, own, strict=True):
                    buckets = grams.buckets[grams.bounds[block] : grams.bounds[block + 1]]
                    for bucket, name in zip((buckets + shift).tolist(), found, strict=True):
                        names.setdefault(bucket, name)
    return names
