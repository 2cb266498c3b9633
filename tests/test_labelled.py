from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.errors import InputError
from segmenter.formats import Reading, Record, read
from segmenter.labelled import LabelledPage, check_labels, from_line, to_segments
from segmenter.labels import Label
from training import pages as pg

LABELS = tuple(label.value for label in Label)


def test_a_line_comes_back_as_it_was() -> None:
    line = (
        '{"id": "a", "source": "real:x", "writer": "w", "cuts": [0, 3], '
        '"segments": [{"label": "boilerplate", "text": "é \\ud83d\\ude00\\n"}]}'
    )
    page = from_line(line)
    assert page.text == "é 😀\n"
    assert json.loads(page.to_line()) == json.loads(line)


def test_half_a_surrogate_pair_can_be_written() -> None:
    page = LabelledPage("a", "real:x", (("boilerplate", "x\ud800"),))
    assert from_line(page.to_line().encode()) == page


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        ('{"id": "a"}', 'has no "segments"'),
        ('{"id": "a", "segments": [{"label": 1, "text": "x"}]}', 'has no "segments"'),
        ('{"segments": []}', 'has no "id"'),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_page_is_told(line: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        from_line(line)


def test_unknown_labels_are_told() -> None:
    with pytest.raises(InputError, match="'joke', which is none of original_report"):
        check_labels((("joke", "x"),), LABELS)


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.integers(1, 5), st.integers(0, 3))))
def test_segments_make_up_the_text(parts: list[tuple[str, int, int]]) -> None:
    text, spans = "", []
    for label, ink, gap in parts:
        spans.append((len(text), len(text) + ink, label))
        text += "x" * ink + "\n" * gap
    segments = to_segments(text, spans)
    assert "".join(piece for _, piece in segments) == (text if spans else "")
    assert all(a != b for (a, _), (b, _) in itertools.pairwise(segments))
    # Training reads the same.
    line = LabelledPage("a", "real:x", segments).to_line()
    assert pg.parse(line).segments == segments


def test_pages_with_labels_are_read_as_inputs(tmp_path: object) -> None:
    path = f"{tmp_path}/pages.jsonl"
    line = '{"id": 7, "segments": [{"label": "boilerplate", "text": "Share\\n"}]}\n'
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(line)
    (record,) = read(path, Reading())
    assert isinstance(record, Record)
    assert (record.id, record.text) == ("7", "Share\n")
    assert record.labelled is not None
    assert record.labelled.segments == (("boilerplate", "Share\n"),)
