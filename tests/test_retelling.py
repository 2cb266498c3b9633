from __future__ import annotations

import numpy as np
import pytest

from segmenter import features as ft
from segmenter.retelling import FAR, FEW, MOST, WIDEST, Retelling, Words, contrast, shift

LABELS = np.array([0, 1, 2, 0, 1, 2])
"""Told, retold and the frame, with two roles each."""

FACTS = ["Quillmore", "weir", "Ottaline", "tariff", "heron", "4711", "ledger", "Brackwater"]
OTHERS = ["parsnip", "velvet", "accordion", "glacier", "thimble", "walrus", "lantern", "marzipan"]
BETWEEN = "Saddle.", "Turnip.", "Cello.", "Gravel."


def words_of(texts: list[list[str]]) -> Words:
    """The words of pages of blocks, all of them rare."""
    features = ft.extract(["\n\n".join(blocks) for blocks in texts]).features
    (words,) = features.words
    assert len(words.bounds) - 1 == sum(map(len, texts))
    return Words(
        words.buckets,
        words.bounds,
        np.diff(words.bounds),
        features.parts,
        np.full(1 << ft.WORD_BITS, 9.0),
    )


def page(first: list[str], second: list[str]) -> list[str]:
    """Three blocks of one text and three of another, with enough others between."""
    return [*split(first), *BETWEEN, *split(second)]


def split(words: list[str]) -> list[str]:
    return [f"{' '.join(words[i::3])}." for i in range(3)]


def scores_of(manner: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log probabilities of told, retold and the frame; ``manner``: nats of the second's lead."""
    lead = np.array(manner)
    scores = np.stack([np.zeros(len(lead)), lead, np.full(len(lead), -3.0)])
    scores -= np.logaddexp.reduce(scores, axis=0)
    return scores[0], scores[1], scores[2]


MANNER = [-4.0] * 3 + [-3.0] * len(BETWEEN) + [-1.0] * 3


def test_the_lighter_of_two_tellings_is_moved_up_and_the_other_down() -> None:
    found = shift(*scores_of(MANNER), words_of([page(FACTS, FACTS)]))
    assert (found[:3] < -0.3).all()
    assert (found[-3:] > 0.3).all()
    assert (found[3:-3] == 0).all()


def test_nothing_is_moved_where_nothing_is_told_twice() -> None:
    assert (shift(*scores_of(MANNER), words_of([page(FACTS, OTHERS)])) == 0).all()


def test_tellings_in_one_manner_stay_where_they_are() -> None:
    same = [-3.0] * len(MANNER)
    assert (shift(*scores_of(same), words_of([page(FACTS, FACTS)])) == 0).all()


def test_words_that_many_blocks_have_tell_nothing() -> None:
    often = page(FACTS, FACTS)[: 3 + len(BETWEEN)] + [" ".join(FACTS)] * FEW
    manner = [-4.0] * (3 + len(BETWEEN)) + [-1.0] * FEW
    assert (shift(*scores_of(manner), words_of([often])) == 0).all()


@pytest.mark.parametrize("apart", [FAR, FAR + 1])
def test_blocks_close_by_are_one_telling(apart: int) -> None:
    blocks = [OTHERS[i] for i in range(6)]
    blocks[0] = blocks[apart] = " ".join(FACTS)
    found = shift(*scores_of([-6.0, -5.0, -4.0, -3.0, -2.0, -1.0]), words_of([blocks]))
    assert found.any() == (apart > FAR)


def test_the_frame_is_held_against_nothing() -> None:
    told, retold, frame = scores_of(MANNER)
    frame[:3] = -0.01
    assert (shift(told, retold, frame, words_of([page(FACTS, FACTS)])) == 0).all()


def test_pages_do_not_touch_each_other() -> None:
    mixed, plain = page(FACTS, FACTS), page(FACTS, OTHERS)
    both = shift(*scores_of(MANNER * 2), words_of([mixed, plain]))
    assert (both[: len(mixed)] == shift(*scores_of(MANNER), words_of([mixed]))).all()
    assert (both[len(mixed) :] == 0).all()


@pytest.mark.parametrize("strength", [0.0, 1.0, 1000.0])
def test_roles_are_moved_by_their_label_and_within_bounds(strength: float) -> None:
    scores = np.repeat(np.stack(scores_of(MANNER), axis=1), 2, axis=1)[:, [0, 2, 4, 1, 3, 5]]
    added = contrast(scores, LABELS, Retelling(0, 1, strength), words_of([page(FACTS, FACTS)]))
    assert (added[:, LABELS == 2] == 0).all()
    assert (added[:, 0] == -added[:, 1]).all()
    assert (added[:, [0, 1]] == added[:, [3, 4]]).all()
    assert np.abs(added).max() <= MOST / 2
    assert (np.abs(added).max() > 0) == (strength > 0)


def test_no_block_and_no_word_are_no_error() -> None:
    empty = np.zeros(0)
    assert len(shift(empty, empty, empty, words_of([]))) == 0
    assert shift(*scores_of([WIDEST * 9]), words_of([["…"]])).tolist() == [0.0]
