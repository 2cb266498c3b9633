"""Bodies of requests to pages: JSON with one page or a batch, or a page's text or HTML as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmenter.encoding import codec_of, decode_html
from segmenter.errors import InputError
from segmenter.formats.text import decode
from segmenter.web.bodies import parse_json
from segmenter.web.problems import ProblemError

JSON, TEXT, HTML = "application/json", "text/plain", "text/html"
TYPES = (JSON, TEXT, HTML)
_MEMBERS = ("id", "text", "html")


@dataclass(frozen=True, slots=True)
class Sent:
    """A page as it was sent: its text or its HTML."""

    id: str | None = None
    text: str = ""
    html: bytes | str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The pages of a request; ``single`` if it was one page and no list."""

    pages: Sequence[Sent]
    single: bool


def check_type(media_type: str, charset: str, content_encoding: str) -> None:
    """Raises `ProblemError` (415) for a body that is of no kind that is read."""
    if media_type not in TYPES:
        raise ProblemError(
            415,
            f"the Content-Type {media_type[:80]!r} is none of {', '.join(TYPES)}",
            {"Accept-Post": ", ".join(TYPES)},
        )
    if content_encoding.lower() not in ("", "identity"):
        raise ProblemError(
            415,
            f"the Content-Encoding {content_encoding[:80]!r} is not read; send the body as it is",
            {"Accept-Encoding": "identity"},
        )
    if charset and codec_of(charset) is None:
        raise ProblemError(415, f"the charset {charset[:80]!r} is not known; send UTF-8")


def parse(body: bytes, media_type: str, charset: str, most: int) -> Batch:
    """The pages of a body. Raises `ProblemError`: 400 or 422."""
    if media_type == JSON:
        return _parse_json(parse_json(body), most)
    if media_type == HTML:
        return Batch([Sent(html=decode_html(body, charset))], True)
    try:
        text = decode(body, charset)[0]
    except InputError as error:
        raise ProblemError(422, f"the body {error}") from None
    return Batch([Sent(text=text)], True)


def _parse_json(data: Any, most: int) -> Batch:
    if not isinstance(data, dict):
        raise _invalid("", "must be an object")
    if "pages" not in data:
        return Batch([_page(data, "")], True)
    if len(data) > 1:
        raise _invalid("", '"pages" goes with no other member')
    pages = data["pages"]
    if not isinstance(pages, list) or not pages:
        raise _invalid("/pages", "must be a list of pages, with one at least")
    if len(pages) > most:
        raise _invalid("/pages", f"has {len(pages)} pages, over the {most} of a request")
    return Batch([_page(page, f"/pages/{i}") for i, page in enumerate(pages)], False)


def _page(data: Any, where: str) -> Sent:
    if not isinstance(data, dict):
        raise _invalid(where, "must be an object")
    for name, value in data.items():
        if name not in _MEMBERS:
            raise _invalid(where, f"{name[:40]!r} is none of {', '.join(_MEMBERS)}")
        if not isinstance(value, str):
            raise _invalid(f"{where}/{name}", "must be a string")
    if ("text" in data) == ("html" in data):
        raise _invalid(where, 'needs either "text" or "html"')
    return Sent(data.get("id"), data.get("text", ""), data.get("html"))


def _invalid(pointer: str, reason: str) -> ProblemError:
    """The problem of a body that says something else than it may, with a JSON pointer to where."""
    return ProblemError(422, f"{pointer or 'the body'} {reason}", pointer=f"#{pointer}")
