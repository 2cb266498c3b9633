"""A page as a text with labelled spans, which is how annotation tools see it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from segmenter.errors import InputError
from segmenter.labelled import LabelledPage


class Span(NamedTuple):
    """``text[start:end]`` of a page has this label; offsets are code points."""

    start: int
    end: int
    label: str


class Token(NamedTuple):
    """A word or a run of white space; ``space``: whether one space follows that is not in it."""

    text: str
    start: int
    end: int
    space: bool


_PIECE = re.compile(r"\S+|\s+")


def spans_of(page: LabelledPage) -> list[Span]:
    """The segments of a page as spans, which cover its text."""
    found, start = [], 0
    for label, text in page.segments:
        if text:
            found.append(Span(start, start + len(text), label))
        start += len(text)
    return found


def record_of(page: LabelledPage) -> dict[str, Any]:
    """What a page tells beside its segments; a tool keeps it for `page_of`."""
    data = page.to_dict()
    del data["segments"]
    return data


def page_of(text: str, spans: Iterable[Span], record: Any, name: str) -> LabelledPage:
    """The page of spans that a tool gives back, perhaps changed.

    White space between spans goes to the one before it, at the beginning to the first. ``name`` is
    the id where the record has none. Raises `InputError` if spans overlap, leave the text, or leave
    words without a label.
    """
    record = dict(record) if isinstance(record, dict) else {}
    ordered = sorted(spans)
    done = 0
    for span in ordered:
        if not 0 <= span.start < span.end <= len(text):
            raise InputError(f"a label goes from {span.start} to {span.end} of {len(text)}")
        if span.start < done:
            raise InputError(f"two labels overlap at {span.start}; give each character one")
        _check_gap(text, done, span.start)
        done = span.end
    _check_gap(text, done, len(text))
    starts = [0 if i == 0 else span.start for i, span in enumerate(ordered)]
    ends = [*starts[1:], len(text)][: len(starts)]
    segments = tuple(
        (span.label, text[start:end])
        for span, start, end in zip(ordered, starts, ends, strict=True)
    )
    page_id, source = str(record.pop("id", name)), str(record.pop("source", f"real:{name}"))
    return LabelledPage(page_id, source, segments, record)


def _check_gap(text: str, start: int, end: int) -> None:
    words = text[start:end].strip()
    if words:
        raise InputError(f"no label at {start} to {end}: {words[:40]!r}; give each character one")


def tokens_of(text: str, spans: Iterable[Span]) -> list[Token]:
    """The words of a text, none of which goes over an edge of a span, and the white space between.

    Put together, with a space after each that has one, they are the text.
    """
    edges = {0, len(text)}
    for span in spans:
        edges |= {span.start, span.end}
    cuts = sorted(edges)
    found = []
    for start, end in itertools.pairwise(cuts):
        position = start
        while position < end:
            match = _PIECE.match(text, position, end)
            assert match is not None  # any character is white space or not
            stop = match.end()
            space = not match[0].isspace() and text[stop : min(stop + 1, end)] == " "
            found.append(Token(match[0], position, stop, space))
            position = stop + space
    return found
