from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from segmenter.decoder import Chain, decode
from training import field
from training.chain import fit_chain, roles
from training.field import _Loss, fit_field
from training.regression import PARTS

LABELS = ("report", "joke", "frame")


def draw(
    pages: int, longest: int, columns: int = 30
) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Features, labels and pages of blocks: texts of several blocks, with frame between."""
    random = np.random.default_rng(11)
    label, page = [], []
    for number in range(pages):
        own: list[int] = []
        while len(own) < random.integers(2, longest):
            own += [int(random.integers(3))] * int(random.integers(1, 4))
        label += own
        page += [number] * len(own)
    gold = np.array(label, np.int8)
    noise = sparse.random_array((len(gold), columns), density=0.2, rng=random, format="lil")
    # A third of the blocks tell their label, each by a column of its own.
    telling = np.flatnonzero(random.random(len(gold)) < 1 / 3)
    noise[telling, gold[telling]] = 1
    return noise.tocsr().astype(np.float32), gold, np.array(page)


def chain_of(label: np.ndarray, page: np.ndarray) -> Chain:
    runs = np.split(label, np.flatnonzero(np.diff(page)) + 1)
    return fit_chain(runs, LABELS, interruption="frame")


@pytest.mark.parametrize("longest", [256, 2])
def test_the_loss_is_that_of_all_paths(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "PARTS", 2)
    monkeypatch.setattr(field, "LONGEST", longest)
    rows, label, page = draw(2, 5)
    label[1] = 9  # not known
    chain = chain_of(np.array([0, 2, 0, 1, 2], np.int8), np.array([0, 0, 0, 1, 1]))
    states = range(len(chain.label))
    point = np.random.default_rng(2).normal(size=(31, 6)).astype(np.float32)
    weight = np.array([0.5, 3.0])[page]
    scores = (rows @ point[:-1] + point[-1]).astype(float)[:, chain.role]
    expected = 0.0
    runs = [
        own[first : first + longest]
        for own in (np.flatnonzero(page == number) for number in (0, 1))
        for first in range(0, len(own), longest)
    ]
    assert len(runs) > (2 if longest == 2 else 1)
    for own in runs:
        begins = own[0] == 0 or page[own[0]] != page[own[0] - 1]
        every = right = 0.0
        for path in itertools.product(states, repeat=len(own)):
            total = chain.start[path[0]] if begins else 0.0  # within a page, any state is as likely
            total += scores[own, path].sum() + chain.transition[path[:-1], path[1:]].sum()
            every += np.exp(total)
            known = label[own] < 3
            right += np.exp(total) * (chain.label[[*path]] == label[own])[known].all()
        expected += weight[own[0]] * np.log(every / right)
    with ThreadPoolExecutor(1) as threads:
        found, _ = _Loss.of(rows, label, page, weight, chain, threads).at(point)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_gradient_is_that_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "LONGEST", 5)
    rows, label, page = draw(40, 12)
    label[::7] = 9
    chain = chain_of(label[label < 3], page[label < 3])
    random = np.random.default_rng(5)
    weight = random.random(40)[page]
    point, step = (random.normal(size=(31, 6)).astype(np.float32) for _ in range(2))
    with ThreadPoolExecutor(2) as threads:
        loss = _Loss.of(rows, label, page, weight, chain, threads)
        assert len(loss.parts) == PARTS
        assert sum(len(runs.weight) for _, runs in loss.parts) > 40  # pages of several runs
        gradient = loss.at(point)[1]
        ahead, behind = (loss.at(point + sign * step / 100)[0] for sign in (1, -1))
        squares = loss.squares()
    assert 50 * (ahead - behind) == pytest.approx(float((gradient * step).sum()), rel=1e-3)
    assert np.allclose(squares, rows.power(2).T @ weight, rtol=1e-5)


@pytest.mark.parametrize("page", [[2] * 200, [0] + [2] * 200 + [1], [0, 9, 2] * 60 + [1]])
def test_what_is_impossible_does_not_drown_what_is_possible(page: list[int]) -> None:
    """Frame within a text is where no text was, or where another one follows, no way to go."""
    _, label, pages = draw(10, 8)
    chain = chain_of(label, pages)
    within, between = chain.role[-2:]
    rows = sparse.csr_array(np.ones((len(page), 1), np.float32))
    point = np.zeros((2, 6), np.float32)
    point[0, within] = 60.0
    with ThreadPoolExecutor(1) as threads:
        size = len(page)
        gold, none = np.array(page, np.int8), np.zeros(size, int)
        value, slope = _Loss.of(rows, gold, none, np.ones(size), chain, threads).at(point)
    assert value == pytest.approx(60 * page.count(2), rel=0.1) or 9 in page
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    assert slope[0, between] < 0 or 9 in page


def test_blocks_alone_on_their_pages_are_fitted_as_by_scikit_learn() -> None:
    rows, label, _ = draw(60, 8)
    weight = np.linspace(0.5, 2, len(label))
    # A text opens, or there is none: three states that a page can begin with, as likely.
    size = 7
    start = np.full(size, -np.inf)
    start[[0, 3, 6]] = np.log(1 / 3)
    known = chain_of(label, np.arange(len(label)))
    chain = replace(known, start=start)
    found, _ = fit_field(
        rows, label, np.arange(len(label)), weight, chain, c=2.0, tol=1e-5, max_iter=500
    )
    theirs = LogisticRegression(C=2.0, tol=1e-6).fit(rows, label, weight)
    opens = chain.role[[0, 3, 6]]
    assert np.abs(found[:-1, opens].T - theirs.coef_).max() < 5e-3
    others = np.setdiff1d(np.arange(found.shape[1]), opens)
    assert not found[:, others].any()


def test_the_field_finds_what_the_page_tells() -> None:
    rows, label, page = draw(300, 20)
    seen = page < 200
    chain = chain_of(label[seen], page[seen])
    options = {"c": 1.0, "tol": 1e-4, "max_iter": 200}
    found, iterations = fit_field(
        rows[seen], label[seen], page[seen], np.ones(seen.sum()), chain, **options
    )
    assert found.shape == (31, 6)
    assert 0 < iterations < 200
    runs = np.split(label[seen], np.flatnonzero(np.diff(page[seen])) + 1)
    role = np.concatenate([roles(run, 3, 2) for run in runs])
    alone = LogisticRegression(C=1.0).fit(rows[seen], role)
    counts = np.bincount(page[~seen] - 200)
    right = []
    for scores in (rows[~seen] @ found[:-1] + found[-1], alone.predict_log_proba(rows[~seen])):
        right.append((decode(scores, counts, chain)[0] == label[~seen]).mean())
    assert right[0] > right[1] > 0.5


def test_the_fit_does_not_depend_on_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, label, page = draw(400, 20, columns=5_000)
    chain = chain_of(label, page)
    fits = []
    for processors in (1, 2):
        monkeypatch.setattr("os.cpu_count", lambda processors=processors: processors)
        with threadpool_limits(processors, user_api="blas"):
            weight = np.ones(len(label))
            found, _ = fit_field(rows, label, page, weight, chain, c=5.0, tol=1e-3, max_iter=50)
            fits.append(found)
    assert np.array_equal(*fits)
