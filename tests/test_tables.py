import numpy as np
import pytest

from segmenter.features import Grams
from segmenter.tables import LINE, Coefficients, aligned, gram_table, pair_columns, weighted


def _normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("count", [1, 4, 39])
def test_pairs_of_columns_give_the_sums_of_single_columns(count: int) -> None:
    weights = _normal(3, count, 40, 8)
    weights[:, :, 12:] = 0
    weights[:, 0, 3:] = 0
    columns = np.random.default_rng(4).integers(0, 40, (50, count)).astype(np.uint8)
    pairs = pair_columns(weights)
    for place in range(3):
        plain = weights[place][np.arange(count), columns].sum(axis=1)
        assert np.allclose(pairs.scores(place, pairs.rows(columns)), plain, atol=1e-5)


def test_columns_without_any_weight_and_pages_without_blocks() -> None:
    pairs = pair_columns(np.zeros((1, 3, 40, 4), np.float32))
    assert pairs.tables[0].shape == (2, 4)
    rows = pairs.rows(np.zeros((0, 3), np.uint8))
    assert pairs.scores(0, rows).shape == (0, 4)


def test_weighted_sums_are_differences_to_the_first_role_over_the_norm() -> None:
    idf, steps = np.abs(_normal(64)) + 1, np.round(1024 * _normal(64, 8)).astype(np.int16)
    steps[2:9] = 0
    weights = steps / 1024
    buckets = np.array([5, 9, 5, 60, 1, 2])
    # The second block has no n-gram.
    grams = (Grams(buckets, np.array([0, 4, 4, 6])),)
    found = weighted(grams, gram_table(idf, Coefficients.of(steps), 1 / 1024))
    for block, mine in ((0, buckets[:4]), (2, buckets[4:])):
        plain = (idf[mine, None] * weights[mine]).sum(axis=0) / np.sqrt(np.square(idf[mine]).sum())
        assert np.allclose(found[block], plain[1:] - plain[0], atol=1e-5)
    assert not found[1].any()


def test_coefficients_are_kept_of_buckets_that_have_any() -> None:
    steps = np.zeros((16, 3), np.int16)
    steps[[2, 5, 15]] = [[0, 1, 0], [-3, 0, 2], [7, 7, 7]]
    kept = Coefficients.of(steps)
    assert kept.buckets.tolist() == [2, 5, 15]
    asked = np.array([15, 0, 5, 5, 3, 2])
    assert (kept.at(asked) == steps[asked]).all()
    none = Coefficients.of(np.zeros((16, 3), np.int16))
    assert not none.at(asked).any()


def test_aligned_arrays_begin_a_cache_line() -> None:
    array = aligned((7, 8))
    assert array.ctypes.data % LINE == 0
    array[:] = 1
    assert array.dtype == np.float32
    assert array.sum() == 56
