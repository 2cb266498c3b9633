"""Any request, against the API's own description (schemathesis)."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from segmenter import Segmenter
from segmenter.serve.app import build
from segmenter.serve.limits import Limits

APP = build(Segmenter.load(), "m", Limits(seconds=60, pages=5))
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP)


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_any_request_is_answered_as_described(case: Case) -> None:
    # Of a raw body nothing can be wrong but its size: each is a page.
    raw = str(case.media_type).startswith("text/")
    case.call_and_validate(excluded_checks=[negative_data_rejection] if raw else [])
