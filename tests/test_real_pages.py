"""The labels of the packaged model on the project's own measuring pages, where they are at hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segmenter import Segmenter
from tests.conftest import SHARED
from training import pages as pg
from training.pages import LABELS
from training.score import Tally, spread


def tally(segmenter: Segmenter, name: str) -> Tally:
    path = SHARED / "pages" / name
    if not path.exists():
        pytest.skip(f"needs {name} of the project's shared folder, which is not on this machine")
    found = Tally()
    for page in pg.load([path]):
        blocks = segmenter.segment(page.text).blocks
        of_character = spread(
            len(page.text),
            *(np_ints([getattr(block, name) for block in blocks]) for name in ("start", "end")),
            np_ints([LABELS.index(block.label) for block in blocks]),
        )
        found.add(page, of_character)
    return found


def np_ints(values: list[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def test_the_page_that_started_it_all(segmenter: Segmenter) -> None:
    figures = tally(segmenter, "seed.jsonl").figures()
    assert figures["kept"] == 1
    assert figures["recall_satirical_rewrite"] == 1
    assert figures["recall_generated_interview"] == 1
    assert figures["char_accuracy"] > 0.98


def test_every_line_of_the_page_that_started_it_all(segmenter: Segmenter) -> None:
    assert tally(segmenter, "seed.jsonl").figures()["pages_exact"] == 1


def test_pages_that_are_kept_for_measuring(segmenter: Segmenter) -> None:
    figures = tally(segmenter, "dev.jsonl").figures()
    assert figures["char_accuracy"] > 0.955
    assert figures["line_macro_f1"] > 0.95
    assert figures["kept"] > 0.96


BRIEFS = {
    "rates": (
        "The central bank raised its key rate by a quarter point to 4.5% on Thursday, saying "
        "inflation remained too high.",
        "Governor Anna Holt said further increases could not be ruled out. Markets had expected "
        "the move.",
        "The currency gained 0.4% against the dollar.",
    ),
    "match": (
        "City beat Rovers 2-1 on Saturday to move up to third in the table.",
        "Kane Osei put the visitors ahead after 12 minutes before Luis Prado equalised from the "
        "spot.",
        "The winner came in stoppage time when the goalkeeper spilled a corner.",
    ),
}


@pytest.mark.parametrize("name", ["rates", "match"])
def test_a_brief_without_a_headline_is_kept_whole(segmenter: Segmenter, name: str) -> None:
    labels = [block.label for block in segmenter.segment("\n\n".join(BRIEFS[name])).blocks]
    assert labels == [LABELS[0]] * len(BRIEFS[name])
