"""The numbers of a fitted model: kept as plain arrays, checked when loaded.

A model file is a NumPy ``.npz`` archive without pickled objects. It holds the weights, the chain of
the decoder, and a JSON record with the format version, the version of the features, the labels, and
the SHA-256 of the arrays. Loading one runs no code; a damaged or foreign one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from segmenter import columns as cols
from segmenter import features as ft
from segmenter.archives import digest_of, read_arrays, record_of, write_arrays
from segmenter.calibration import Calibration
from segmenter.decoder import Chain
from segmenter.errors import ModelError
from segmenter.features import Features
from segmenter.retelling import Retelling, Words, contrast
from segmenter.tables import Coefficients, Pairs, Steps, gram_table, pair_columns, weighted

FORMAT = 5
"""Version of the file format."""

STEPS = 1024
"""A coefficient is kept as a whole number of steps, of which so many make one."""

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A fitted model.

    ``labels``: names, in the order of every axis called labels; each has one or more roles (see
    `segmenter.decoder.Chain`), which are what is scored. ``masked_idf``, ``word_idf``: float32, of
    shape (buckets,). ``masked``, ``words``: coefficients, in steps of 1 / `STEPS`. ``columns``:
    what each bin of each column of a block says about it and about the blocks around it, in such
    steps too, int16, (places, columns * bins, roles), the places being `NEIGHBOURS`.
    ``edge``: the same for a missing neighbour, (places, roles). ``scales``: what coefficients are
    multiplied by, float64: those of masked n-grams, of words, and of the columns at each place.
    ``bias``: (roles,). ``chain``, ``calibration``: the decoder's, and what makes its posteriors
    probabilities. ``retelling``: which labels are told apart by what the page tells twice.
    ``about``: what the model was made from, for people.
    """

    labels: tuple[str, ...]
    masked_idf: Weights
    masked: Coefficients
    word_idf: Weights
    words: Coefficients
    columns: Steps
    edge: Steps
    scales: Floats
    bias: Weights
    chain: Chain
    calibration: Calibration
    retelling: Retelling
    about: dict[str, Any]

    @cached_property
    def _tables(self) -> tuple[Weights, Weights]:
        """What is looked up for each group of n-grams."""
        masked, words = self.units[:2]
        return (
            gram_table(self.masked_idf, self.masked, masked),
            gram_table(self.word_idf, self.words, words),
        )

    @cached_property
    def _pairs(self) -> Pairs:
        """The weights of two columns at once, for each pair of bins."""
        weights = self.columns * self.units[2:, None, None]
        shape = (len(weights), -1, cols.BINS, len(self.bias))
        return pair_columns(weights.reshape(shape))

    @cached_property
    def units(self) -> Floats:
        """What a step of each kind of coefficients adds to a score, in the order of ``scales``."""
        return self.scales / STEPS

    def score(self, features: Features) -> Floats:
        """Log probabilities of the roles of each block, before the decoder: (blocks, roles)."""
        alone, added = self.scores_apart(features)
        return _normalised(alone + added)

    def scores_apart(self, features: Features) -> tuple[Floats, Floats]:
        """What `score` is the sum of, up to a constant for each block: two of its shape.

        Log probabilities by the features alone; what is added for what the page tells twice.
        """
        logits = self._column_scores(features) + self.bias
        for grams, table in zip((features.masked, features.words), self._tables, strict=True):
            logits[:, 1:] += weighted(grams, table)
        alone = _normalised(logits)
        (plain,) = features.words
        words = Words(
            plain.buckets, plain.bounds, np.diff(plain.bounds), features.parts, self.word_idf
        )
        return alone, contrast(alone, self.chain.label_of_role, self.retelling, words)

    def _column_scores(self, features: Features) -> Floats:
        parts = features.parts
        rows = self._pairs.rows(features.columns)
        here = np.arange(len(parts))
        total = np.zeros((len(parts), len(self.bias)))
        edges = self.edge * self.units[2:, None]
        for i, (place, edge) in enumerate(zip(cols.NEIGHBOURS, edges, strict=True)):
            scores = self._pairs.scores(i, rows)
            # Each block's neighbour in its text; where there is none, the edge speaks.
            near = np.clip(here + place, 0, max(len(parts) - 1, 0))
            missing = (near != here + place) | (parts[near] != parts)
            scores = scores[near]
            scores[missing] = edge
            total += scores
        return total

    def save(self, file: Path | BinaryIO) -> None:
        """Writes the model; the same numbers give the same bytes."""
        arrays = self._arrays()
        record = {
            "format": FORMAT,
            "features": ft.VERSION,
            "labels": list(self.labels),
            "sha256": digest_of(arrays),
            "about": self.about,
        }
        write_arrays(file, arrays, record)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        chain, retelling = self.chain, self.retelling
        return {
            "masked_idf": self.masked_idf,
            "masked_buckets": self.masked.buckets,
            "masked": self.masked.steps,
            "word_idf": self.word_idf,
            "word_buckets": self.words.buckets,
            "words": self.words.steps,
            "columns": self.columns,
            "edge": self.edge,
            "scales": self.scales,
            "bias": self.bias,
            "chain_label": chain.label,
            "chain_role": chain.role,
            "chain_start": chain.start,
            "chain_transition": chain.transition,
            "chain_weights": np.array([chain.weight, chain.posterior_weight]),
            "calibration_matrix": self.calibration.matrix,
            "calibration_bias": self.calibration.bias,
            "calibration_familiar": np.array([self.calibration.familiar]),
            "retelling": np.array([retelling.told, retelling.retold, retelling.strength], float),
        }

    @classmethod
    def load(cls, path: Path | str) -> Model:
        """Reads a model file.

        Raises `ModelError` if the file is missing, is no model file, was damaged or changed, or was
        made for another version; the message says which.
        """
        path = Path(path)
        arrays = read_arrays(path)
        return _check(path, arrays)


def _normalised(logits: Floats) -> Floats:
    """Scores to log probabilities."""
    logits -= logits.max(axis=1, keepdims=True)
    scores: Floats = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return scores


def _check(path: Path, arrays: dict[str, NDArray[Any]]) -> Model:
    """The model, if the arrays are what `Model.save` writes."""

    def refuse(reason: str) -> ModelError:
        return ModelError(f"{path}: {reason}")

    record = record_of(path, arrays)
    stored = (record.get("format"), record.get("features"))
    if stored != (FORMAT, ft.VERSION):
        raise refuse(
            f"made for format {stored[0]} and features {stored[1]}, this version reads format "
            f"{FORMAT} and features {ft.VERSION}: fit it again with `make train`"
        )
    named = record.get("labels")
    labels = tuple(named) if isinstance(named, list) else ()
    if not all(isinstance(label, str) and label for label in labels) or len(set(labels)) < 2:
        raise refuse("its labels are no names")
    if len(set(labels)) < len(labels):
        raise refuse("it has a label twice")
    size = len(labels)
    states, roles = len(arrays.get("chain_label", ())), len(arrays.get("bias", ()))
    columns = len(cols.column_names()) * cols.BINS
    places = len(cols.NEIGHBOURS)
    masked, words = 1 << ft.MASKED_BITS, 1 << ft.WORD_BITS
    held = {n: len(arrays.get(f"{n}_buckets", np.zeros(0)).ravel()) for n in ("masked", "word")}
    shapes: dict[str, tuple[tuple[int, ...], type]] = {
        "masked_idf": ((masked,), np.float32),
        "masked_buckets": ((held["masked"],), np.int32),
        "masked": ((held["masked"], roles), np.int16),
        "word_idf": ((words,), np.float32),
        "word_buckets": ((held["word"],), np.int32),
        "words": ((held["word"], roles), np.int16),
        "columns": ((places, columns, roles), np.int16),
        "edge": ((places, roles), np.int16),
        "scales": ((2 + places,), np.float64),
        "bias": ((roles,), np.float32),
        "chain_label": ((states,), np.int64),
        "chain_role": ((states,), np.int64),
        "chain_start": ((states,), np.float64),
        "chain_transition": ((states, states), np.float64),
        "chain_weights": ((2,), np.float64),
        "calibration_matrix": ((size, size), np.float64),
        "calibration_bias": ((size,), np.float64),
        "calibration_familiar": ((1,), np.float64),
        "retelling": ((3,), np.float64),
    }
    if set(arrays) != set(shapes) or size < 2 or not size <= roles <= states:
        raise refuse("it does not hold the arrays of a model")
    for name, (shape, kind) in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != kind:
            raise refuse(f"{name} is {array.dtype} {array.shape}, not {np.dtype(kind)} {shape}")
        # A chain may forbid a start or a transition: minus infinity is a log probability.
        may_forbid = name in ("chain_start", "chain_transition")
        if not (
            np.isfinite(array) | (array == -np.inf) if may_forbid else np.isfinite(array)
        ).all():
            raise refuse(f"{name} holds values that are no finite numbers")
    if digest_of(arrays) != record.get("sha256"):
        raise refuse("its content was changed or damaged: the SHA-256 does not match")
    for name, count in (("masked", masked), ("word", words)):
        buckets = arrays[f"{name}_buckets"]
        if (np.diff(buckets, prepend=-1, append=count) <= 0).any():
            raise refuse(f"{name}_buckets are not in ascending order below {count}")
    for name, count in (("label", size), ("role", roles)):
        if set(arrays[f"chain_{name}"].tolist()) != set(range(count)):
            raise refuse(f"its chain does not name each {name} that it has")
    weight, posterior_weight = arrays["chain_weights"].tolist()
    told, retold, strength = arrays["retelling"].tolist()
    if not {told, retold} <= set(range(size)):
        raise refuse("its retelling is of labels that it does not have")
    chain = Chain(
        arrays["chain_label"],
        arrays["chain_role"],
        arrays["chain_start"],
        arrays["chain_transition"],
        weight,
        posterior_weight,
    )
    return Model(
        labels=labels,
        masked_idf=arrays["masked_idf"],
        masked=Coefficients(arrays["masked_buckets"], arrays["masked"]),
        word_idf=arrays["word_idf"],
        words=Coefficients(arrays["word_buckets"], arrays["words"]),
        columns=arrays["columns"],
        edge=arrays["edge"],
        scales=arrays["scales"],
        bias=arrays["bias"],
        chain=chain,
        calibration=Calibration(
            arrays["calibration_matrix"],
            arrays["calibration_bias"],
            float(arrays["calibration_familiar"][0]),
        ),
        retelling=Retelling(int(told), int(retold), strength),
        about=record["about"],
    )
