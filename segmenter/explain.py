"""Which features spoke for which label of a block: the model's weights, by name."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmenter import columns as cols
from segmenter import features as ft
from segmenter import tokens as tk
from segmenter.errors import SegmenterError
from segmenter.features import Batch, Grams
from segmenter.lexicon import lexicon, look_up
from segmenter.model import Model, Weights
from segmenter.segmenter import parts_of
from segmenter.splitter import split
from segmenter.tables import Coefficients
from segmenter.tokens import Ints

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature of a block, and what it adds to each label's score, relative to their mean."""

    feature: str
    weights: tuple[float, ...]


RETELLING = "other blocks tell the same"
"""The name of what is added for what the page tells twice, for people."""

SEAM = "⟨run into⟩"
"""The mark before a word that the one before it has run into, for people."""


def explain(model: Model, text: str, block: int) -> list[Reason]:
    """All features of a block of ``text``, those with the greatest weight first.

    The weights of a label's features, with the model's bias, sum to its score before the decoder;
    of a label's roles, the one that the block fits best speaks.
    Raises `SegmenterError` if the text has no such block.
    """
    part, place = _part_with(text, block)
    return explain_batch(model, part, ft.extract([part]), place)


def _part_with(text: str, block: int) -> tuple[str, int]:
    """The part of ``text`` that has this block, as `Segmenter` parts it, and its number there."""
    before = 0
    for _, part in parts_of(text):
        blocks = len(split(part))
        if before <= block < before + blocks:
            return part, block - before
        before += blocks
    held = f"blocks 0 to {before - 1}" if before else "no block"
    raise SegmenterError(f"there is no block {block}: the page has {held}")


def explain_batch(model: Model, text: str, batch: Batch, block: int) -> list[Reason]:
    """As `explain`, of a ``text`` that was taken apart already."""
    found = _gram_reasons(model, text, batch, block) | _column_reasons(model, batch, block)
    alone, added = (scores[block] for scores in model.scores_apart(batch.features))
    if added.any():
        found[RETELLING] = added
    scores = alone + added
    roles = [model.chain.roles_of(label) for label in range(len(model.labels))]
    best = [int(own[scores[own].argmax()]) for own in roles]
    reasons = [
        Reason(name, tuple((weights[best] - weights[best].mean()).tolist()))
        for name, weights in found.items()
    ]
    return sorted(reasons, key=lambda reason: -max(map(abs, reason.weights)))


def _gram_reasons(model: Model, text: str, batch: Batch, block: int) -> dict[str, Array]:
    masked_names, word_names = gram_names(text, batch, block)
    features = batch.features
    reasons: dict[str, Array] = defaultdict(lambda: np.zeros(len(model.bias)))
    masked_unit, word_unit = model.units[:2]
    for names, grams, idf, coefficients, unit in (
        (masked_names, features.masked, model.masked_idf, model.masked, masked_unit),
        (word_names, features.words, model.word_idf, model.words, word_unit),
    ):
        _add(reasons, names, [_of_block(g, block) for g in grams], idf, coefficients, unit)
    return dict(reasons)


def _add(
    reasons: dict[str, Array],
    names: list[list[str]],
    buckets: list[Ints],
    idf: Weights,
    coefficients: Coefficients,
    unit: float,
) -> None:
    flat = np.concatenate(buckets)
    norm = np.sqrt(np.square(idf[flat], dtype=np.float64).sum())
    weights = idf[flat, None] * unit * coefficients.at(flat) / norm
    for name, own in zip(itertools.chain(*names), weights, strict=True):
        reasons[name] += own


def _of_block(grams: Grams, block: int) -> Ints:
    return grams.buckets[grams.bounds[block] : grams.bounds[block + 1]]


def gram_names(text: str, batch: Batch, block: int) -> tuple[list[list[str]], list[list[str]]]:
    """The n-grams of a block by name, in the order of `Features.masked` and `Features.words`."""
    tokens = batch.tokens
    rows = look_up(tokens.hashes)
    masked = ft.mask(tokens, rows)
    stream: list[tuple[str, bool]] = [("⟨begin⟩", False)]
    words = []
    previous = ""
    for i in range(int(tokens.bounds[block]), int(tokens.bounds[block + 1])):
        token = text[tokens.starts[i] : tokens.ends[i]].lower()
        if tokens.kinds[i] != tk.MARK:
            words.append(f"word “{token}”")
        name = token if masked[i] == tokens.hashes[i] else ft.mask_name(masked[i])
        if tokens.fused[i]:
            stream.append((SEAM, False))
        if tokens.fused[i] or not name == previous == ft.mask_name(ft.NAME):
            stream.append((name, bool(lexicon().function[rows[i]])))
        previous = name
    stream.append(("⟨end⟩", False))
    names = [name for name, _ in stream]
    pairs = [f"“{a} {b}”" for a, b in itertools.pairwise(names)]
    triples = [
        f"“{a} {b} {c}”"
        for (a, x), (b, y), (c, z) in zip(stream, stream[1:], stream[2:], strict=False)
        if x or y or z
    ]
    single = [f"“{name}”" for name in names[1:-1] if name != SEAM]
    return [single, pairs, triples], [words]


def _column_reasons(model: Model, batch: Batch, block: int) -> dict[str, Array]:
    columns, parts = batch.features.columns, batch.features.parts
    reasons = {}
    for place, steps, edge, unit in zip(
        cols.NEIGHBOURS, model.columns, model.edge, model.units[2:], strict=True
    ):
        whose = f"block {place:+d}: " if place else ""
        at = block + place
        if not (0 <= at < len(columns) and parts[at] == parts[block]):
            reasons[f"{whose}none"] = edge * unit
            continue
        for column, name in enumerate(cols.column_names()):
            level = int(columns[at, column])
            value = steps[column * cols.BINS + level] * unit
            reasons[f"{whose}{name} = {cols.bin_name(name, level)}"] = value
    return reasons
