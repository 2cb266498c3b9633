from __future__ import annotations

import itertools

import numpy as np
import pytest

from segmenter import decoder
from segmenter.decoder import Chain, decode
from training.chain import fit_chain, role_labels, roles, state_path

LABELS = ("a", "b", "c", "x")


def chain(weight: float = 1.0, posterior_weight: float = 1.0) -> Chain:
    pages = [
        np.array(p, np.int8) for p in ([3, 0, 0, 3, 0, 1, 1, 3], [0, 2, 3, 2], [1, 3, 0, 0, 3])
    ]
    return fit_chain(
        pages, LABELS, interruption="x", weight=weight, posterior_weight=posterior_weight
    )


def random_scores(blocks: int, seed: int = 0) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(blocks, 8)) * 2
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def by_hand(scores: np.ndarray, model: Chain) -> tuple[np.ndarray, np.ndarray]:
    """The best path and the posteriors, by adding up every path there is."""
    size = len(model.label)
    best, best_path = -np.inf, None
    sums = np.zeros((len(scores), len(LABELS)))
    for path in itertools.product(range(size), repeat=len(scores)):
        moves = model.start[path[0]] + sum(
            model.transition[a, b] for a, b in itertools.pairwise(path)
        )
        if moves == -np.inf:
            continue
        labels = model.label[list(path)]
        found = scores[np.arange(len(scores)), model.role[list(path)]].sum()
        if moves + model.weight * found > best:
            best, best_path = moves + model.weight * found, labels
        sums[np.arange(len(scores)), labels] += np.exp(moves + model.posterior_weight * found)
    assert best_path is not None
    return best_path, sums / sums.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.4, 0.6)])
def test_agrees_with_the_sum_over_all_paths(seed: int, weights: tuple[float, float]) -> None:
    model = chain(*weights)
    scores = random_scores(4, seed)
    labels, probabilities = decode(scores, np.array([4]), model)
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
    scores = np.full((60, 8), -1e9)
    scores[np.arange(60), np.arange(60) % 8] = 0
    labels, probabilities = decode(scores, np.array([60]), chain())
    assert np.isfinite(probabilities).all()
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert len(labels) == 60


def test_roles_tell_openings_and_what_boilerplate_interrupts() -> None:
    # The label 4 is unknown; 3 is the interruption.
    page = np.array([3, 0, 3, 0, 4, 3, 1, 1, 3], np.int8)
    assert roles(page, 4, 3).tolist() == [3, 4, 7, 0, -1, 3, 5, 1, 3]
    assert role_labels(4, 3)[roles(page, 4, 3)[page < 4]].tolist() == page[page < 4].tolist()
    # Three states a text: it opens, goes on, is interrupted; the last state is between texts.
    assert state_path(page, 4, 3) == [9, 0, 2, 1, 9, 3, 4, 9]


def test_a_text_goes_on_behind_what_interrupts_it() -> None:
    opens, goes_on, interrupted, another, between = 0, 1, 2, 3, 9
    model = chain()
    assert model.transition[interrupted, goes_on] > -np.inf
    assert model.transition[interrupted, another] == -np.inf
    assert model.transition[between, goes_on] == -np.inf
    assert model.transition[goes_on, opens] == -np.inf
    assert model.start[interrupted] == model.start[goes_on] == -np.inf
    assert np.allclose(np.exp(model.transition).sum(axis=1), 1)


def test_reluctance_is_taken_off_the_ways_in_only() -> None:
    pages = [np.array([0, 1, 3, 1, 0], np.int8)]
    free = fit_chain(pages, LABELS, interruption="x")
    bound = fit_chain(pages, LABELS, interruption="x", reluctance={"b": 2.0})
    assert bound.transition[0, 3] == pytest.approx(free.transition[0, 3] - 2)
    assert bound.transition[3, 4] == free.transition[3, 4]
    assert bound.transition[5, 4] == free.transition[5, 4]
    assert bound.start[3] == pytest.approx(free.start[3] - 2)
