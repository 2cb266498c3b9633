"""What the API says of itself (OpenAPI 3.1), with an example of each thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segmenter.serve.limits import Limits
from segmenter.web.problems import MEDIA_TYPE

_PROMPT = "Leave a comment"
_REPORT = (
    "The river Orne rose by two metres on Friday, the fire brigade said, and about 300 people had "
    "to leave their homes. According to the mayor, who spoke to reporters, the bridge will stay "
    "closed until Monday."
)
EXAMPLE_TEXT = f"{_REPORT}\n\n{_PROMPT}\n"
EXAMPLE_HTML = (
    f"<!doctype html><title>Flood</title><article><h1>Flood</h1><p>{_REPORT}</p></article>"
)
_BLOCKS = ((_REPORT, "original_report", 0.78), (_PROMPT, "boilerplate", 0.98))


def describe(labels: Sequence[str], limits: Limits, version: str) -> dict[str, Any]:
    """The document that ``/openapi.json`` answers with."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "segmenter",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Labels the blocks of scraped news pages, and gives the report back.",
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/v1/label": {"post": _label(limits)},
            "/v1/clean": {"post": _clean(labels, limits)},
            "/healthz": {"get": _health()},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {
                "get": {
                    "operationId": "describe",
                    "summary": "This document.",
                    "responses": {"200": _json({"type": "object"}, "The document.")},
                }
            },
        },
        "components": {"schemas": _schemas(labels, limits)},
    }


def _label(limits: Limits) -> dict[str, Any]:
    blocks = [
        {
            "start": EXAMPLE_TEXT.index(text),
            "end": EXAMPLE_TEXT.index(text) + len(text),
            "label": label,
            "confidence": confidence,
            "text": text,
        }
        for text, label, confidence in _BLOCKS
    ]
    return {
        "operationId": "label",
        "summary": "The label of each block of a page, or of each page of a batch.",
        "description": "Offsets are code points of the page's text; of HTML, of the rendered text, "
        "which is answered with.",
        "requestBody": _body(),
        "responses": {
            "200": _one_or_many("LabelledPage", {"id": "a", "blocks": blocks}),
            **_problems(limits),
        },
    }


def _clean(labels: Sequence[str], limits: Limits) -> dict[str, Any]:
    cleaned = {"id": "a", "text": _REPORT + "\n"}
    return {
        "operationId": "clean",
        "summary": "The report of a page, or of each page of a batch, without the rest.",
        "parameters": [
            {
                "name": "keep",
                "in": "query",
                "description": f"Label to keep; may be given several times. {labels[0]} unless "
                "given.",
                "schema": {"type": "array", "items": {"type": "string", "enum": list(labels)}},
                "example": [labels[0]],
            },
            {
                "name": "min_confidence",
                "in": "query",
                "description": "Leave out blocks of which the model is less sure.",
                "schema": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
                "example": 0.9,
            },
        ],
        "requestBody": _body(),
        "responses": {"200": _one_or_many("CleanPage", cleaned), **_problems(limits)},
    }


def _body() -> dict[str, Any]:
    either = [{"$ref": "#/components/schemas/Page"}, {"$ref": "#/components/schemas/Batch"}]
    pages = [{"id": "a", "text": EXAMPLE_TEXT}, {"id": "b", "html": EXAMPLE_HTML}]
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": either},
                "examples": {
                    "page": {"value": pages[0]},
                    "markup": {"value": pages[1]},
                    "batch": {"value": {"pages": pages}},
                },
            },
            "text/plain": {"schema": {"type": "string"}, "example": EXAMPLE_TEXT},
            "text/html": {"schema": {"type": "string"}, "example": EXAMPLE_HTML},
        },
    }


def _one_or_many(name: str, example: dict[str, Any]) -> dict[str, Any]:
    one = {"$ref": f"#/components/schemas/{name}"}
    many = {
        "type": "object",
        "properties": {"pages": {"type": "array", "items": one}},
        "required": ["pages"],
        "additionalProperties": False,
    }
    answer = _json({"oneOf": [one, many]}, "As many pages as were sent, in their order.")
    answer["content"]["application/json"]["examples"] = {
        "page": {"value": example},
        "batch": {"value": {"pages": [example]}},
    }
    return answer


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(limits: Limits) -> dict[str, Any]:
    told = {
        "400": "The body is no JSON.",
        "408": "The body did not come in time.",
        "413": f"The body is over {limits.body} bytes.",
        "415": "The body is of a kind that is not read.",
        "422": "The body or a parameter says something that it may not.",
        "500": "The server has a fault.",
        "503": "The server is busy; Retry-After says when to try again.",
        "504": f"The work did not end within {limits.seconds:g} s.",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    found: dict[str, Any] = {
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, text in told.items()
    }
    found["503"]["headers"] = {
        "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
    }
    found["422"]["content"][MEDIA_TYPE]["example"] = {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": '/pages/0 needs either "text" or "html"',
        "pointer": "#/pages/0",
    }
    return found


def _health() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "status": {"const": "ok"},
            "version": {"type": "string"},
            "model": {"type": "string"},
        },
        "required": ["status", "version", "model"],
    }
    return {
        "operationId": "health",
        "summary": "Whether the server is up.",
        "responses": {"200": _json(schema, "It is up.")},
    }


def _metrics() -> dict[str, Any]:
    return {
        "operationId": "metrics",
        "summary": "Counts and times, in the text format of Prometheus.",
        "responses": {
            "200": {
                "description": "The counts.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            }
        },
    }


def _schemas(labels: Sequence[str], limits: Limits) -> dict[str, Any]:
    text = {"type": "string"}
    place = {"type": "integer", "minimum": 0}
    metadata = {"type": "object", "description": "What HTML tells of itself: title, author, date."}
    page = {
        "type": "object",
        "properties": {"id": text, "text": text, "html": text},
        "oneOf": [{"required": ["text"]}, {"required": ["html"]}],
        "additionalProperties": False,
    }
    block = {
        "type": "object",
        "properties": {
            "start": place,
            "end": place,
            "label": {"type": "string", "enum": list(labels)},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "text": text,
            "path": {"type": "string", "description": "Of HTML: the block's place in the markup."},
        },
        "required": ["start", "end", "label", "confidence", "text"],
        "additionalProperties": False,
    }
    return {
        "Page": page,
        "Batch": {
            "type": "object",
            "properties": {
                "pages": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": limits.pages,
                    "items": {"$ref": "#/components/schemas/Page"},
                }
            },
            "required": ["pages"],
            "additionalProperties": False,
        },
        "Block": block,
        "LabelledPage": {
            "type": "object",
            "properties": {
                "id": text,
                "text": {"type": "string", "description": "Of HTML: the rendered text."},
                "metadata": metadata,
                "blocks": {"type": "array", "items": {"$ref": "#/components/schemas/Block"}},
            },
            "required": ["blocks"],
            "additionalProperties": False,
        },
        "CleanPage": {
            "type": "object",
            "properties": {"id": text, "text": text, "metadata": metadata},
            "required": ["text"],
            "additionalProperties": False,
        },
        "Problem": {
            "type": "object",
            "description": "A problem document as RFC 9457 has it.",
            "properties": {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "pointer": {"type": "string", "description": "JSON pointer to what is wrong."},
                "limit": {"type": "integer"},
            },
            "required": ["type", "title", "status", "detail"],
        },
    }
