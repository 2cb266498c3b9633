"""The page format: a labelled page as one JSON object, its segments' texts making up its text."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segmenter.errors import InputError

Parts = tuple[tuple[str, str], ...]
"""Pieces of a page in order, each a label and a text."""


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page and the label of each of its parts; ``details`` are its other fields, as they were.

    ``source`` tells where the page comes from.
    """

    id: str
    source: str
    segments: Parts
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for _, text in self.segments)

    def to_dict(self) -> dict[str, Any]:
        """The page as plain data, in the page format."""
        segments = [{"label": label, "text": text} for label, text in self.segments]
        return {"id": self.id, "source": self.source, **self.details, "segments": segments}

    def to_line(self) -> str:
        """The page as one line of JSON."""
        return json_line(self.to_dict())


def json_line(data: Any) -> str:
    """``data`` as one line of JSON that can be written as UTF-8: half a surrogate pair is escaped.

    >>> json_line({"text": "é"})
    '{"text": "é"}'
    """
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


def segments_of(data: Mapping[str, Any]) -> Parts | None:
    """The segments of an object in the page format; ``None`` for an object of another kind."""
    segments = data.get("segments")
    if not isinstance(segments, list):
        return None
    found = []
    for part in segments:
        if not isinstance(part, dict):
            return None
        label, text = part.get("label"), part.get("text")
        if not isinstance(label, str) or not isinstance(text, str):
            return None
        found.append((label, text))
    return tuple(found)


def from_dict(data: Any) -> LabelledPage:
    """The page that plain data in the page format tells of. Raises `InputError` for other data."""
    if not isinstance(data, dict):
        raise InputError("is no JSON object")
    segments = segments_of(data)
    if segments is None:
        raise InputError('has no "segments", each with "label" and "text"')
    if "id" not in data:
        raise InputError('has no "id"')
    details = {key: data[key] for key in data if key not in ("id", "source", "segments")}
    return LabelledPage(str(data["id"]), str(data.get("source", "")), segments, details)


def from_line(line: str | bytes) -> LabelledPage:
    """The page of a line of JSON. Raises `InputError` for what is not in the page format."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}") from error
    return from_dict(data)


def check_labels(segments: Parts, labels: Collection[str]) -> None:
    """Raises `InputError` for segments with a label that is none of ``labels``."""
    for label, _ in segments:
        if label not in labels:
            raise InputError(f"has the label {label!r}, which is none of {', '.join(labels)}")


def to_segments(text: str, spans: Sequence[tuple[int, int, str]]) -> Parts:
    r"""The segments of a text whose blocks are ``spans``: start, end and label, in order.

    A segment lasts as long as its label, and ends with the white space before the next one. White
    space alone has no segments, as it has no label.

    >>> to_segments("A\n\nB\nC", [(0, 1, "x"), (3, 4, "y"), (5, 6, "y")])
    (('x', 'A\n\n'), ('y', 'B\nC'))
    """
    starts: list[int] = []
    labels: list[str] = []
    for start, _, label in spans:
        if not labels or label != labels[-1]:
            starts.append(start if labels else 0)
            labels.append(label)
    ends = [*starts[1:], len(text)][: len(starts)]
    return tuple(
        (label, text[start:end]) for label, start, end in zip(labels, starts, ends, strict=True)
    )
