from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import segmenter as package
from segmenter import Label, Page, Segmenter, SegmenterError
from segmenter import segmenter as module

TEXTS = st.text(
    st.one_of(st.sampled_from("\n\r .!?*:#-“”«»aEé1\u200b\x00"), st.characters(), st.just("\ud800"))
)


def check(page: Page, text: str) -> None:
    assert page.text == text
    edge = 0
    for block in page.blocks:
        assert page.text[block.start : block.end] == block.text
        assert not text[edge : block.start].strip()
        assert block.text
        assert block.confidence == block.probabilities[list(Label).index(Label(block.label))]
        assert sum(block.probabilities) == pytest.approx(1)
        edge = block.end
    assert not text[edge:].strip()


@given(text=TEXTS)
def test_any_text_gives_a_page_and_nothing_is_lost(segmenter: Segmenter, text: str) -> None:
    check(segmenter.segment(text), text)


@given(texts=st.lists(TEXTS, max_size=6))
def test_alone_and_in_batches_the_same(segmenter: Segmenter, texts: list[str]) -> None:
    assert list(segmenter.pipe(texts)) == [segmenter.segment(text) for text in texts]


def test_long_pages_are_labelled_in_parts(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(
        f"Line {i} of a page that goes on and on, said the mayor.\n\n" for i in range(300)
    )
    check(segmenter.segment(text), text)
    monkeypatch.setattr(module, "PART", 1000)
    page = segmenter.segment(text)
    check(page, text)
    assert len(page.blocks) == 300


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\r\n",
        "\x00",
        "\u200b",
        "a" * 300_000,
        "a\n" * 50_000,
        "\ud800\udc00 \udfff",
        "\x00" * 9999,
    ],
)
def test_odd_texts(segmenter: Segmenter, text: str) -> None:
    check(segmenter.segment(text), text)


def test_segments_are_maximal_runs(segmenter: Segmenter) -> None:
    page = segmenter.segment(
        "Share\nTweet\n\nThe court in Bern fined the baker 300 francs on Monday, he said.\n"
        "The baker, 61, told reporters he would appeal.\n\nSubscribe to our newsletter\nCookies"
    )
    labels = [segment.label for segment in page.segments]
    assert all(a != b for a, b in itertools.pairwise(labels))
    assert [b for segment in page.segments for b in segment.blocks] == list(page.blocks)
    assert sum(page.shares().values()) == pytest.approx(1)


def test_cleaning_keeps_what_it_is_told() -> None:
    text = "Menu\n\nStorm.\nRain.\n\nAd\n\nMore rain.\n"
    report, other = Label.ORIGINAL_REPORT, Label.BOILERPLATE
    spans = [(0, 4, other), (6, 12, report), (13, 18, report), (20, 22, other), (24, 34, report)]
    blocks = tuple(
        package.Block(text[a:b], a, b, label, 0.5 + a / 100, (0.0,) * 4) for a, b, label in spans
    )
    page = Page(text, blocks)
    assert page.clean() == "Storm.\nRain.\n\nMore rain.\n"
    assert page.clean(keep={"boilerplate"}) == "Menu\n\nAd\n"
    assert page.clean(min_confidence=0.6) == "Rain.\n\nMore rain.\n"
    assert page.clean(keep=set()) == ""


def test_functions_of_the_package_use_the_packaged_model(segmenter: Segmenter) -> None:
    text = "Share\n\nThe river rose by two metres on Friday, the fire brigade said."
    assert package.segment(text) == segmenter.segment(text)
    assert package.clean(text) == segmenter.clean(text)


def test_labelling_loads_nothing_heavy() -> None:
    code = (
        "import sys, segmenter; segmenter.segment('Storm hits coast, police said.');"
        "heavy = {'sklearn', 'scipy', 'pandas', 'joblib', 'selectolax', 'matplotlib', 'click'};"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_what_cannot_be_kept_is_refused(segmenter: Segmenter) -> None:
    page = segmenter.segment("Share\n\nThe river rose by two metres, the fire brigade said.")
    assert page.clean(keep="boilerplate") == page.clean(keep=["boilerplate"])
    for options, told in (
        ({"keep": {"orginal_report"}}, "'orginal_report' is none of the labels original_report,"),
        ({"keep": "not boilerplate"}, "'not boilerplate' is none"),
        ({"min_confidence": 90}, "from 0 to 1, not 90"),
        ({"min_confidence": float("nan")}, "from 0 to 1, not nan"),
    ):
        with pytest.raises(SegmenterError, match=told):
            page.clean(**options)


def test_what_is_no_page_is_told_by_its_type(segmenter: Segmenter) -> None:
    for call, told in (
        (lambda: segmenter.segment(None), "not NoneType"),
        (lambda: segmenter.segment(b"text"), "not bytes"),
        (lambda: segmenter.segment_html(7), "not int"),
        (lambda: list(segmenter.pipe("a text")), "segment takes one"),
        (lambda: list(segmenter.pipe_html(b"<p>")), "segment_html takes one"),
    ):
        with pytest.raises(TypeError, match=told):
            call()


@pytest.mark.parametrize("many", [3, 2_000])
def test_pages_before_a_bad_one_come_first(segmenter: Segmenter, many: int) -> None:
    def broken() -> Iterator[str]:
        yield from ["Storm."] * many
        raise OSError("the disk is gone")

    def with_none() -> Iterator[str | None]:
        yield from ["Storm."] * many
        yield None

    for pages, error in (
        (segmenter.pipe(broken()), OSError),
        (segmenter.pipe(with_none()), TypeError),
        (segmenter.pipe_html(with_none()), TypeError),
    ):
        assert [page.text.strip() for page in itertools.islice(pages, many)] == ["Storm."] * many
        with pytest.raises(error):
            next(pages)
