"""doccano: JSON Lines with a text and its labels as [start, end, label].

Source: doccano's tutorial and the import page of its sequence labelling projects. Fields that
doccano does not know it keeps, and exports beside its own. Who has approved a text it does not
export; it can leave out what no one has.
"""

from __future__ import annotations

import json
from typing import Any

from segmenter.errors import InputError
from segmenter.exchange.spans import Span, page_of, record_of, spans_of
from segmenter.labelled import LabelledPage


def write(page: LabelledPage, predicted: bool) -> dict[str, Any]:
    """The line of a page; its other fields as a string, which every version keeps."""
    return {
        "text": page.text,
        "label": [list(span) for span in spans_of(page)],
        "segmenter": json.dumps(record_of(page)),
    }


def read(data: Any, name: str) -> LabelledPage | None:
    """The page of a line; ``None`` if it has no labels.

    Labels are ``label`` (``labels`` in some exports), or the ``entities`` of a project with
    relations. Raises `InputError` for another line.
    """
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise InputError('has no "text"')
    given = next((data[key] for key in ("label", "labels", "entities") if key in data), None)
    if not isinstance(given, list):
        raise InputError('has no "label"')
    if not given and data["text"].strip():
        return None
    record = data.get("segmenter")
    if isinstance(record, str):
        try:
            record = json.loads(record)
        except ValueError as error:
            raise InputError(f'has a "segmenter" that is no JSON: {error}') from error
    spans = [_span(item) for item in given]
    return page_of(data["text"], spans, record, str(data.get("id", data.get("doc_id", name))))


def _span(item: Any) -> Span:
    if isinstance(item, dict):
        item = [item.get("start_offset"), item.get("end_offset"), item.get("label")]
    if not (isinstance(item, list) and [type(part) for part in item] == [int, int, str]):
        raise InputError(f"has a label that is no [start, end, label]: {item!r:.80}")
    return Span(*item)
