from __future__ import annotations

import itertools

import numpy as np
import pytest

from segmenter import decoder
from segmenter.decoder import Chain, decode
from training.chain import fit_chain, state_path, states

LABELS = ("a", "b", "c", "x")


def chain(weight: float = 1.0, posterior_weight: float = 1.0) -> Chain:
    pages = [
        np.array(p, np.int8) for p in ([3, 0, 0, 3, 0, 1, 1, 3], [0, 2, 3, 2], [1, 3, 0, 0, 3])
    ]
    return fit_chain(
        pages, LABELS, interruption="x", weight=weight, posterior_weight=posterior_weight
    )


def random_scores(blocks: int, seed: int = 0) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(blocks, 4)) * 2
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def by_hand(scores: np.ndarray, model: Chain) -> tuple[np.ndarray, np.ndarray]:
    """The best path and the posteriors, by adding up every path there is."""
    size = len(model.label)
    best, best_path = -np.inf, None
    sums = np.zeros(scores.shape)
    for path in itertools.product(range(size), repeat=len(scores)):
        moves = model.start[path[0]] + sum(
            model.transition[a, b] for a, b in itertools.pairwise(path)
        )
        if moves == -np.inf:
            continue
        labels = model.label[list(path)]
        found = scores[np.arange(len(scores)), labels].sum()
        if moves + model.weight * found > best:
            best, best_path = moves + model.weight * found, labels
        sums[np.arange(len(scores)), labels] += np.exp(moves + model.posterior_weight * found)
    assert best_path is not None
    return best_path, sums / sums.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.4, 0.6)])
def test_agrees_with_the_sum_over_all_paths(seed: int, weights: tuple[float, float]) -> None:
    model = chain(*weights)
    scores = random_scores(5, seed)
    labels, probabilities = decode(scores, np.array([5]), model)
    expected_labels, expected = by_hand(scores, model)
    assert labels.tolist() == expected_labels.tolist()
    assert np.allclose(probabilities, expected)


def test_a_page_is_decoded_alike_alone_and_among_others() -> None:
    counts = np.array([7, 0, 1, 90, 3, 200, 40])
    scores = random_scores(int(counts.sum()))
    labels, probabilities = decode(scores, counts, chain())
    for low, count in zip(np.cumsum(counts) - counts, counts, strict=True):
        own = slice(low, low + count)
        if count:
            alone = decode(scores[own], np.array([count]), chain())
            assert np.array_equal(labels[own], alone[0])
            assert np.array_equal(probabilities[own], alone[1])


def test_windows_change_nothing_that_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = random_scores(900)
    whole = decode(scores, np.array([900]), chain())
    monkeypatch.setattr(decoder, "WINDOW", 100)
    cut = decode(scores, np.array([900]), chain())
    assert np.array_equal(whole[0], cut[0])
    assert np.allclose(whole[1], cut[1], atol=1e-9)


def test_extreme_scores_give_probabilities() -> None:
    scores = np.full((60, 4), -1e9)
    scores[np.arange(60), np.arange(60) % 4] = 0
    labels, probabilities = decode(scores, np.array([60]), chain())
    assert np.isfinite(probabilities).all()
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert len(labels) == 60


def test_boilerplate_remembers_what_it_interrupts() -> None:
    of_state = states(LABELS, "x")
    path = state_path(np.array([3, 0, 3, 3, 0, 2, 3], np.int8), of_state)
    assert path == [3, 0, 4, 4, 0, 2, 6]
    model = chain()
    assert model.transition[4, 4] > -np.inf
    assert model.transition[4, 5] == -np.inf
    assert model.start[4] == -np.inf


def test_reluctance_is_taken_off_the_ways_in_only() -> None:
    pages = [np.array([0, 1, 3, 1, 0], np.int8)]
    free = fit_chain(pages, LABELS, interruption="x")
    bound = fit_chain(pages, LABELS, interruption="x", reluctance={"b": 2.0})
    assert bound.transition[0, 1] == pytest.approx(free.transition[0, 1] - 2)
    assert bound.transition[1, 1] == free.transition[1, 1]
    assert bound.transition[5, 1] == free.transition[5, 1]
    assert bound.start[1] == pytest.approx(free.start[1] - 2)
