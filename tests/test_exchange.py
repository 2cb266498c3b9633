from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.errors import InputError
from segmenter.exchange import doccano, label_studio, prodigy, spacy
from segmenter.exchange.spans import Span, page_of, spans_of, tokens_of
from segmenter.labelled import LabelledPage
from segmenter.labels import Label

LABELS = [label.value for label in Label]
TOOLS = ("label-studio", "doccano", "prodigy", "spacy")
PAGE = LabelledPage(
    "w1-07",
    "authored:w1",
    (
        ("boilerplate", "\n Share 😀 this\n\n"),
        ("original_report", "The  river rose.\r\nPolice said: « no ».\n\n"),
        ("original_report", "A second\u00a0segment of the same label"),
        ("satirical_rewrite", "cut in mid-word 👨🏻‍🚒!"),
    ),
    {"writer": "w1", "n": [1, {"a": None}], "cuts": [2, 18]},
)
TEXTS = st.text(
    st.one_of(st.sampled_from("ab \n\r\t\u00a0😀\u200d"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=12,
)
PAGES = st.lists(st.tuples(st.sampled_from(LABELS), TEXTS), min_size=1, max_size=6).map(
    lambda parts: LabelledPage("é 1", "real:x", tuple(parts), {"writer": "w"})
)


def there_and_back(page: LabelledPage, tool: str) -> LabelledPage | None:
    if tool == "spacy":
        (found,) = spacy.read(spacy.write([page]))
        if isinstance(found, InputError):
            raise found
        return found
    module: Any = {"label-studio": label_studio, "doccano": doccano, "prodigy": prodigy}[tool]
    found = module.read(json.loads(json.dumps(module.write(page, False))), "x")
    assert found is None or isinstance(found, LabelledPage)
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_a_page_comes_back_as_it_was(tool: str) -> None:
    assert there_and_back(PAGE, tool) == PAGE


@given(PAGES)
@pytest.mark.parametrize("tool", ["label-studio", "doccano"])
def test_any_page_comes_back_as_it_was(tool: str, page: LabelledPage) -> None:
    assert there_and_back(page, tool) == page


@given(PAGES)
@pytest.mark.parametrize("tool", ["prodigy", "spacy"])
def test_any_page_comes_back_from_tools_that_know_tokens(tool: str, page: LabelledPage) -> None:
    found = there_and_back(page, tool)
    assert found is not None
    assert found == page


@given(PAGES)
def test_tokens_make_up_the_text_and_end_where_spans_do(page: LabelledPage) -> None:
    spans = spans_of(page)
    tokens = tokens_of(page.text, spans)
    assert "".join(token.text + " " * token.space for token in tokens) == page.text
    for token in tokens:
        assert page.text[token.start : token.end] == token.text
    task = prodigy.write(page, False)
    for span in task["spans"]:
        first, last = task["tokens"][span["token_start"]], task["tokens"][span["token_end"]]
        assert (first["start"], last["end"]) == (span["start"], span["end"])


def test_offsets_are_code_points() -> None:
    start = PAGE.text.index("The  river")
    assert label_studio.write(PAGE, False)["annotations"][0]["result"][1]["value"]["start"] == start
    assert doccano.write(PAGE, False)["label"][1][0] == start


def test_spans_that_a_person_drew_more_tightly_are_the_same_page() -> None:
    tight = [
        Span(s.start + len(t) - len(t.lstrip()), s.start + len(t.rstrip()), s.label)
        for s, (_, t) in zip(spans_of(PAGE), PAGE.segments, strict=True)
    ]
    assert page_of(PAGE.text, tight, None, "x").segments == PAGE.segments


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([Span(0, 3, "x"), Span(2, 5, "y")], "overlap at 2"),
        ([Span(0, 3, "x")], "no label at 3 to 5: 'e'"),
        ([Span(0, 6, "x")], "from 0 to 6 of 5"),
        ([Span(3, 3, "x")], "from 3 to 3"),
        ([], "no label at 0 to 5"),
    ],
)
def test_spans_that_make_no_page_are_told(spans: list[Span], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        page_of("abc e", spans, None, "x")


# The shapes that the tools' documentation shows, with texts of our own.


def test_label_studio_as_its_documentation_shows_it() -> None:
    def result(start: int, end: int, text: str, label: str) -> dict[str, Any]:
        value = {"start": start, "end": end, "text": text, "labels": [label]}
        return {"from_name": "tag", "id": "Dx", "to_name": "txt", "type": "labels", "value": value}

    task: dict[str, Any] = {
        "id": 7,
        "created_at": "2021-03-09T21:52:49.513742Z",
        "project": 83,
        "data": {"text": "💩 Share\n\nIt rained."},
        "annotations": [
            {"was_cancelled": True, "updated_at": "2022", "result": []},
            {
                "id": "1001",
                "was_cancelled": False,
                "ground_truth": False,
                "updated_at": "2021-03-09T22:16:08.728378Z",
                "result": [
                    result(9, 19, "It rained.", "original_report"),
                    result(0, 7, "💩 Share", "boilerplate"),
                    {"type": "choices", "value": {"choices": ["x"]}},
                ],
                "completed_by": 10,
            },
        ],
        "predictions": [{"model_version": "1", "result": []}],
    }
    expected = (("boilerplate", "💩 Share\n\n"), ("original_report", "It rained."))
    page = label_studio.read(task, "x")
    assert page == LabelledPage("7", "real:7", expected, {})
    # Versions that counted in UTF-16 marked the same text one further.
    task["annotations"][1]["result"][:2] = [
        result(10, 20, "It rained.", "original_report"),
        result(0, 8, "💩 Share", "boilerplate"),
    ]
    page = label_studio.read(task, "x")
    assert page is not None
    assert page.segments == expected
    assert label_studio.read({"data": {"text": "x"}}, "x") is None


def test_label_studio_gets_predictions_for_what_the_model_labelled() -> None:
    task = label_studio.write(PAGE, predicted=True)
    assert set(task) == {"data", "predictions"}
    (prediction,) = task["predictions"]
    done = {"id": 1, "was_cancelled": False, "result": prediction["result"]}
    assert label_studio.read({**task, "annotations": [done]}, "x") == PAGE
    shown = label_studio.configuration(LABELS)
    assert 'name="label" toName="text"' in shown
    assert all(f'<Label value="{label}"/>' in shown for label in LABELS)


def test_label_studio_gives_back_only_what_a_person_has_finished() -> None:
    task = label_studio.write(PAGE, predicted=True)
    results = task["predictions"][0]["result"]
    skipped = {"was_cancelled": True, "updated_at": "2022-02", "result": results}
    done = {"was_cancelled": False, "updated_at": "2022-01", "result": results}
    assert label_studio.read(task, "x") is None
    assert label_studio.read({**task, "annotations": []}, "x") is None
    assert label_studio.read({**task, "annotations": [skipped]}, "x") is None
    assert label_studio.read({**task, "annotations": [done, skipped]}, "x") == PAGE


@pytest.mark.parametrize("start", ["1e400", "1.5e999", '"one"', "null"])
def test_label_studio_offsets_that_are_none_are_told(start: str) -> None:
    task = label_studio.write(PAGE, False)
    task["annotations"][0]["result"][0]["value"]["start"] = json.loads(start)
    with pytest.raises(InputError, match="without start, end and one label"):
        label_studio.read(task, "x")


@pytest.mark.parametrize(
    "line",
    [
        {"id": 3, "text": "Share\nRain.", "label": [[0, 5, "a"], [6, 11, "b"]], "Comments": []},
        {
            "doc_id": 3,
            "text": "Share\nRain.",
            "labels": [[0, 5, "a"], [6, 11, "b"]],
            "username": "u",
        },
        {
            "id": 3,
            "text": "Share\nRain.",
            "entities": [
                {"id": 0, "label": "a", "start_offset": 0, "end_offset": 5},
                {"id": 1, "label": "b", "start_offset": 6, "end_offset": 11},
            ],
            "relations": [],
        },
    ],
)
def test_doccano_as_its_documentation_shows_it(line: dict[str, Any]) -> None:
    page = doccano.read(line, "x")
    assert page == LabelledPage("3", "real:3", (("a", "Share\n"), ("b", "Rain.")), {})
    assert doccano.read({"text": "x", "label": []}, "x") is None


def test_prodigy_as_its_documentation_shows_it() -> None:
    task = {
        "text": "Share now",
        "_input_hash": 1,
        "_task_hash": -2,
        "tokens": [
            {"text": "Share", "start": 0, "end": 5, "id": 0},
            {"text": "now", "start": 6, "end": 9, "id": 1},
        ],
        "spans": [{"start": 0, "end": 9, "token_start": 0, "token_end": 1, "label": "boilerplate"}],
        "_view_id": "spans_manual",
        "answer": "accept",
    }
    page = prodigy.read(task, "x")
    assert page is not None
    assert page.segments == (("boilerplate", "Share now"),)
    assert prodigy.read({**task, "answer": "reject"}, "x") is None
    assert prodigy.read({**task, "answer": "ignore"}, "x") is None
    waiting = prodigy.write(PAGE, predicted=True)
    assert "answer" not in waiting
    assert prodigy.read(waiting, "x") is None
    assert prodigy.read({**waiting, "answer": None}, "x") is None
    assert prodigy.read({**waiting, "answer": "accept"}, "x") == PAGE


def test_spacy_as_its_documentation_shows_it(tmp_path: Path) -> None:
    import spacy as nlp_library
    from spacy.tokens import DocBin

    nlp = nlp_library.blank("en")
    file = DocBin()
    for group in ("spans", "ents"):
        doc = nlp("Share now. It rained all day.")
        marked = [doc.char_span(0, 10, "boilerplate"), doc.char_span(11, 29, "original_report")]
        if group == "spans":
            doc.spans["sc"] = marked
        else:
            doc.set_ents(marked)
        file.add(doc)
    file.to_disk(tmp_path / "train.spacy")
    for page in spacy.read((tmp_path / "train.spacy").read_bytes()):
        assert isinstance(page, LabelledPage)
        assert page.segments == (
            ("boilerplate", "Share now. "),
            ("original_report", "It rained all day."),
        )
    # And what we write, spaCy's own pipeline can learn from.
    (tmp_path / "ours.spacy").write_bytes(spacy.write([PAGE]))
    (doc,) = DocBin().from_disk(tmp_path / "ours.spacy").get_docs(nlp.vocab)
    assert doc.text == PAGE.text
    assert [span.label_ for span in doc.spans["sc"]] == [label for label, _ in PAGE.segments]


def test_spacy_documents_without_labels_are_left_out() -> None:
    import spacy as nlp_library
    from spacy.tokens import DocBin

    nlp = nlp_library.blank("en")
    bare, grouped, empty = nlp("It rained."), nlp("It rained."), nlp("")
    grouped.spans["sc"] = []
    file = DocBin(docs=[bare, grouped, empty])
    page = LabelledPage("document 2", "real:document 2", (), {})
    assert list(spacy.read(file.to_bytes())) == [None, None, page]


def test_files_that_are_no_documents_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"", b"nothing", zlib.compress(b"nothing"), zlib.compress(b"\x80")):
        with pytest.raises(InputError, match="no file of spaCy documents"):
            list(spacy.read(content))
    monkeypatch.setattr(spacy, "LARGEST", 1000)
    with pytest.raises(InputError, match="unpacks to over"):
        list(spacy.read(zlib.compress(bytes(100_000))))
