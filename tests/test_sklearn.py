from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator

from segmenter import Segmenter
from segmenter.integrations.sklearn import BlockClassifier, SegmentCleaner
from tests.training_pages import pages as labelled_pages

PAGES = [page.text for page in labelled_pages()]
BRIDGE = [i % 2 for i in range(len(PAGES))]


# It warns that most of its checks need figures.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", [SegmentCleaner(), BlockClassifier()])
def test_check_estimator(estimator: object) -> None:
    results = check_estimator(estimator, on_skip=None)
    assert {result["status"] for result in results} == {"passed"}
    vectorizer = check_estimator(HashingVectorizer(), on_skip=None)
    assert [r["check_name"] for r in results] == [r["check_name"] for r in vectorizer]


@pytest.mark.parametrize("estimator", [SegmentCleaner(), BlockClassifier()])
@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_repr", "check_estimator_tags_renamed", "check_get_params_invariance",
        "check_mixin_order", "check_no_attributes_set_in_init",
        "check_parameters_default_constructible", "check_set_params", "check_valid_tag_types",
    ],
)  # fmt: skip
def test_checks_that_need_no_figures(check: str, estimator: object) -> None:
    """Those that `check_estimator` leaves out for every estimator of texts."""
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)


def test_pages_in_cleaned_texts_out(segmenter: Segmenter) -> None:
    found = SegmentCleaner().fit_transform(PAGES)
    assert found.shape == (len(PAGES),)
    assert found.tolist() == [segmenter.clean(text) for text in PAGES]
    for same in (np.array(PAGES), np.array(PAGES, dtype=object)[:, None], tuple(PAGES)):
        assert SegmentCleaner().transform(same).tolist() == found.tolist()
    assert SegmentCleaner().transform([]).shape == (0,)
    assert SegmentCleaner().transform(["one"]).shape == (1,)


def test_options(segmenter: Segmenter) -> None:
    keep = ["boilerplate", "original_report"]
    found = SegmentCleaner(keep=keep, min_confidence=0.6).fit_transform(PAGES)
    assert found.tolist() == [segmenter.segment(text).clean(keep, 0.6) for text in PAGES]
    assert SegmentCleaner(keep="boilerplate").transform(["Log in\n\nShare"])[0].startswith("Log in")


@pytest.mark.parametrize(
    ("cleaner", "pages", "fault"),
    [
        (SegmentCleaner(keep=["reports"]), PAGES, "'reports' is none of original_report"),
        (SegmentCleaner(min_confidence=2), PAGES, "from 0 to 1, not 2"),
        (SegmentCleaner(), "a page", "one text; give a list"),
        (SegmentCleaner(), [1], "sample 0 is no text but int"),
        (SegmentCleaner(), np.array([["a", "b"]]), "X has 2 columns"),
    ],
)
def test_wrong_use_is_told(cleaner: SegmentCleaner, pages: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        cleaner.fit(pages)


def test_in_a_pipeline_and_a_grid_search() -> None:
    pipeline = make_pipeline(SegmentCleaner(), TfidfVectorizer(), LogisticRegression())
    search = GridSearchCV(
        pipeline,
        {
            "segmentcleaner__keep": [["original_report"], ["satirical_rewrite", "boilerplate"]],
            "segmentcleaner__min_confidence": [0.0, 0.3],
        },
        cv=2,
    )
    search.fit(PAGES, BRIDGE)
    assert set(search.best_params_) == {
        "segmentcleaner__keep", "segmentcleaner__min_confidence",
    }  # fmt: skip
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert len(search.predict(PAGES)) == len(PAGES)
    assert len(pickle.dumps(clone(pipeline))) < 10_000


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output(library: str) -> None:
    pytest.importorskip(library, reason=f"needs {library}")
    frame = SegmentCleaner().set_output(transform=library).fit_transform(PAGES)
    assert list(frame.columns) == ["text"]
    assert list(frame["text"]) == SegmentCleaner().transform(PAGES).tolist()


def test_blocks_of_a_page_are_labelled_as_the_segmenter_does(segmenter: Segmenter) -> None:
    first, second = (segmenter.segment(PAGES[i]) for i in (0, 2))
    blocks = [*first.blocks, *second.blocks]
    texts = [block.text for block in blocks]
    pages = ["a"] * len(first.blocks) + ["b"] * len(second.blocks)
    classifier = BlockClassifier().fit(texts, [block.label for block in blocks])
    assert classifier.predict(texts, pages).tolist() == [block.label for block in blocks]
    found = classifier.predict_proba(texts, pages)
    assert np.allclose(found, [block.probabilities for block in blocks])
    true = [block.label for block in blocks]
    assert classifier.score(texts, true) == np.mean(classifier.predict(texts) == true)
    alone = classifier.predict_proba(texts)
    one_by_one = np.array([segmenter.segment(text).blocks[0].probabilities for text in texts])
    assert np.allclose(alone, one_by_one)
    scores = classifier.decision_function(texts, pages)
    assert scores.shape == (len(texts), len(classifier.classes_))
    assert np.allclose(np.exp(scores).sum(axis=1), 1)


def test_wrong_blocks_are_told() -> None:
    classifier = BlockClassifier()
    with pytest.raises(ValueError, match="'joke' is none of original_report"):
        classifier.fit(["a"], ["joke"])
    with pytest.raises(ValueError, match="2 blocks, but the page is told of 1"):
        classifier.predict(["a", "b"], ["p"])
    with pytest.raises(ValueError, match="must stand together"):
        classifier.predict(["a", "b", "c"], ["p", "q", "p"])
    assert classifier.predict([]).shape == (0,)
    assert classifier.predict(["", "x"]).shape == (2,)


def test_texts_that_come_once_are_cleaned() -> None:
    once = SegmentCleaner().fit_transform(iter(PAGES))
    assert once.tolist() == SegmentCleaner().transform(PAGES).tolist()
    assert len(once) == len(PAGES)
