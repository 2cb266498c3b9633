"""Label Studio: tasks as JSON, each with its text as data and its labels as results.

Source: Label Studio's documentation, "Label Studio JSON format of annotated tasks" and "Import
pre-annotated data". The labelling configuration that goes with it is `configuration`.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from segmenter.errors import InputError
from segmenter.exchange.spans import Span, page_of, record_of, spans_of
from segmenter.labelled import LabelledPage

FROM, TO = "label", "text"


def configuration(labels: Sequence[str]) -> str:
    """The labelling configuration of a project that these tasks are for."""
    tags = "".join(f'<Label value="{html.escape(label)}"/>' for label in labels)
    return (
        f'<View><Labels name="{FROM}" toName="{TO}">{tags}</Labels>'
        f'<Text name="{TO}" value="$text"/>'
        "<Style>.htx-text{ white-space: pre-wrap; }</Style></View>"
    )


def write(page: LabelledPage, predicted: bool) -> dict[str, Any]:
    """The task of a page: its labels as an annotation, or as a prediction of the model's."""
    text = page.text
    results = [
        {
            "id": f"s{i}",
            "from_name": FROM,
            "to_name": TO,
            "type": "labels",
            "value": {
                "start": span.start,
                "end": span.end,
                "text": text[span.start : span.end],
                "labels": [span.label],
            },
        }
        for i, span in enumerate(spans_of(page))
    ]
    kind = "predictions" if predicted else "annotations"
    return {"data": {"text": text, "segmenter": record_of(page)}, kind: [{"result": results}]}


def read(task: Any, name: str) -> LabelledPage | None:
    """The page of a task; ``None`` if no one has finished it.

    The latest annotation that was not cancelled counts; a prediction does not. Raises `InputError`
    for what is no task.
    """
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise InputError('is no task: it has no "data"')
    text = task["data"].get("text")
    if not isinstance(text, str):
        raise InputError('has no "text" in its "data"')
    results = _results(task)
    if results is None:
        return None
    spans = [_span(item, text) for item in results if item.get("type") == "labels"]
    return page_of(text, spans, task["data"].get("segmenter"), str(task.get("id", name)))


def _results(task: dict[str, Any]) -> list[dict[str, Any]] | None:
    given = task.get("annotations")
    done = [
        item
        for item in (given if isinstance(given, list) else [])
        if isinstance(item, dict) and not item.get("was_cancelled")
    ]
    if not done:
        return None
    latest = max(done, key=lambda item: str(item.get("updated_at", "")))
    results = latest.get("result")
    if not isinstance(results, list):
        raise InputError('has annotations without a "result"')
    return [item for item in results if isinstance(item, dict)]


def _span(item: dict[str, Any], text: str) -> Span:
    value = item.get("value")
    try:
        start, end, labels = value["start"], value["end"], value["labels"]  # type: ignore[index]
        (label,) = labels
        start, end = int(start), int(end)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"has a result without start, end and one label: {item!r:.80}") from error
    assert isinstance(value, dict)
    marked = value.get("text")
    if isinstance(marked, str) and text[start:end] != marked:
        start, end = _from_utf16(text, start, end, marked)
    return Span(start, end, str(label))


def _from_utf16(text: str, start: int, end: int, marked: str) -> tuple[int, int]:
    """The span in code points, if it was told in UTF-16, as some versions do.

    (https://github.com/HumanSignal/label-studio/issues/1347)
    """
    units = text.encode("utf-16-le", "surrogatepass")
    if units[2 * start : 2 * end].decode("utf-16-le", "replace") != marked:
        return start, end
    before = units[: 2 * start].decode("utf-16-le", "surrogatepass")
    return len(before), len(before) + len(marked)
