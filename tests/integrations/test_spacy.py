from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from segmenter import Segmenter
from tests import own_pages

# Of the libraries that spaCy imports.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def nlp() -> Any:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("segmenter")  # found by its entry point: nothing of segmenter is imported
    return nlp


def spans(doc: Any) -> list[tuple[int, int, str]]:
    return [(span.start_char, span.end_char, span.label_) for span in doc.spans["segments"]]


def test_segments_and_report(nlp: Any, texts: list[str | None]) -> None:
    segmenter = Segmenter.load()
    given = [text for text in texts if text is not None]
    for text, doc, alone in zip(given, nlp.pipe(given), map(nlp, given), strict=True):
        page = segmenter.segment(text)
        assert doc.text == text
        assert spans(doc) == [(s.start, s.end, str(s.label)) for s in page.segments]
        assert doc._.report == page.clean()
        assert spans(alone) == spans(doc)


def test_options_and_own_model(own_model: Path) -> None:
    import spacy

    nlp = spacy.blank("xx")
    nlp.add_pipe("segmenter", config={"model": str(own_model), "keep": ["memoir"]})
    doc = nlp(own_pages.UNSEEN)
    assert [span[2] for span in spans(doc)] == ["furniture", "memoir", "furniture", "recipe",
                                                "furniture"]  # fmt: skip
    assert doc._.report.startswith("When I was a boy")
    with pytest.raises(ValueError, match="'reports' is none of"):
        spacy.blank("en").add_pipe("segmenter", config={"keep": ["reports"]})


def test_a_pipeline_and_its_documents_are_saved_and_loaded(
    nlp: Any, texts: list[str | None], tmp_path: Path
) -> None:
    import spacy
    from spacy.tokens import Doc

    nlp.to_disk(tmp_path / "pipeline")
    doc = spacy.load(tmp_path / "pipeline")(str(texts[0]))
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert spans(again) == spans(nlp(str(texts[0])))
    assert again._.report == doc._.report


def test_spans_do_not_overlap_where_a_token_stands_across_an_edge() -> None:
    import spacy
    from spacy.tokens import Doc

    from segmenter.integrations.spacy import SegmentComponent

    nlp = spacy.blank("en")
    words = ["Log", "in\n\nThe river rose on", "Friday, the fire brigade said."]
    doc = SegmentComponent()(Doc(nlp.vocab, words=words, spaces=[True, True, False]))
    found = list(doc.spans["segments"])
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert found[0].start == 0
    assert found[-1].end == 3
