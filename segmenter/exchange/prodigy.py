"""Prodigy: tasks for ``spans.manual`` as JSON Lines, with spans and the tokens that they cover.

Source: Prodigy's documentation, "Annotation interfaces" and "Web application": the decision,
accept, reject or ignore, is added to the task as its answer. Fields that Prodigy does not know stay
in the task.
"""

from __future__ import annotations

from typing import Any

from segmenter.errors import InputError
from segmenter.exchange.spans import Span, page_of, record_of, spans_of, tokens_of
from segmenter.labelled import LabelledPage


def write(page: LabelledPage, predicted: bool) -> dict[str, Any]:
    """The task of a page; one that a person has labelled comes with its answer."""
    text, spans = page.text, spans_of(page)
    tokens = tokens_of(text, spans)
    first = {token.start: i for i, token in enumerate(tokens)}
    last = {token.end + token.space: i for i, token in enumerate(tokens)}
    task: dict[str, Any] = {
        "text": text,
        "tokens": [
            {"text": token.text, "start": token.start, "end": token.end, "id": i, "ws": token.space}
            for i, token in enumerate(tokens)
        ],
        "spans": [
            {
                "start": span.start,
                "end": tokens[last[span.end]].end,
                "token_start": first[span.start],
                "token_end": last[span.end],
                "label": span.label,
            }
            for span in spans
        ],
        "meta": {"id": page.id, "source": page.source},
        "segmenter": record_of(page),
    }
    if not predicted:
        task["answer"] = "accept"
    return task


def read(task: Any, name: str) -> LabelledPage | None:
    """The page of a task; ``None`` if it was rejected or passed over, or has no answer yet.

    Raises `InputError` for what is no task.
    """
    if not isinstance(task, dict) or not isinstance(task.get("text"), str):
        raise InputError('has no "text"')
    if task.get("answer") != "accept":
        return None
    given = task.get("spans", [])
    if not isinstance(given, list):
        raise InputError('has "spans" that are no list')
    return page_of(task["text"], [_span(item) for item in given], task.get("segmenter"), name)


def _span(item: Any) -> Span:
    if isinstance(item, dict):
        found: list[Any] = [item.get("start"), item.get("end"), item.get("label")]
        if [type(part) for part in found] == [int, int, str]:
            return Span(*found)
    raise InputError(f"has a span without start, end and label: {item!r:.80}")
