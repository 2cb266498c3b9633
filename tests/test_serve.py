from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from segmenter import Segmenter
from segmenter.serve.app import build
from segmenter.serve.limits import Limits

TEXT = "Share this article\n\nThe river rose by two metres on Friday, police said. 😀\n"
HTML = f"<!doctype html><title>Flood</title><article><h1>Flood</h1><p>{TEXT * 3}</p></article>"


@pytest.fixture
def log() -> list[dict[str, object]]:
    return []


@pytest.fixture
def client(segmenter: Segmenter, log: list[dict[str, object]]) -> Iterator[TestClient]:
    app = build(segmenter, "m", Limits(body=10_000, pages=3), log.append)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def post(client: TestClient, path: str, body: str | bytes, kind: str = "text/plain") -> Any:
    return client.post(path, content=body, headers={"content-type": kind})


def test_text_is_labelled_as_the_library_labels_it(
    client: TestClient, segmenter: Segmenter
) -> None:
    expected = segmenter.segment(TEXT).to_dict()
    assert post(client, "/v1/label", TEXT).json() == expected
    one = client.post("/v1/label", json={"id": "a", "text": TEXT}).json()
    assert one == {"id": "a", **expected}


def test_html_is_labelled_with_the_text_that_its_offsets_count(client: TestClient) -> None:
    for answer in (
        post(client, "/v1/label", HTML, "text/html"),
        client.post("/v1/label", json={"html": HTML}),
    ):
        page = answer.json()
        assert page["blocks"]
        for block in page["blocks"]:
            assert page["text"][block["start"] : block["end"]] == block["text"]


def test_a_batch_is_answered_in_its_order(client: TestClient, segmenter: Segmenter) -> None:
    pages = [{"id": "1", "html": HTML}, {"text": TEXT}, {"id": "3", "html": HTML}]
    answer = client.post("/v1/clean", json={"pages": pages}).json()["pages"]
    assert [page.get("id") for page in answer] == ["1", None, "3"]
    assert answer[1]["text"] == segmenter.clean(TEXT)
    assert answer[0]["text"] == answer[2]["text"] == segmenter.segment_html(HTML).clean()
    assert answer[0]["metadata"]["title"] == "Flood"


def test_cleaning_takes_the_options_of_the_command(
    client: TestClient, segmenter: Segmenter
) -> None:
    kept = post(client, "/v1/clean?keep=boilerplate&keep=original_report", TEXT).json()["text"]
    assert kept.startswith("Share")
    assert post(client, "/v1/clean?min_confidence=1", TEXT).json()["text"] == ""


def test_charsets(client: TestClient) -> None:
    def text(body: bytes, kind: str) -> str:
        blocks = post(client, "/v1/label", body, kind).json()["blocks"]
        return "".join(block["text"] for block in blocks)

    assert text("café".encode("cp1252"), "text/plain; charset=ISO-8859-1") == "café"
    assert text("café".encode(), "text/plain;charset=UTF-8") == "café"
    assert text("<p>café".encode("cp1250"), "text/html; charset=windows-1250") == "café"


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "told"),
    [
        ("/v1/label", b"{", "application/json", 400, "no JSON"),
        ("/v1/label", b"[" * 9999, "application/json", 400, "no JSON"),
        ("/v1/label", b"x" * 10_001, "text/plain", 413, "over 10000 bytes"),
        ("/v1/label", b"x", "application/pdf", 415, "none of application/json"),
        ("/v1/label", b"x", "text/plain; charset=klingon", 415, "klingon"),
        ("/v1/label", b"x", "text/plain; charset=punycode", 415, "punycode"),
        ("/v1/label", b"%PDF-1.7", "text/plain", 422, "binary"),
        ("/v1/label", b"3", "application/json", 422, "must be an object"),
        ("/v1/label", b"{}", "application/json", 422, 'either "text" or "html"'),
        ("/v1/label", b'{"text": 3}', "application/json", 422, "/text must be a string"),
        ("/v1/label", b'{"txt": ""}', "application/json", 422, "'txt' is none of"),
        ("/v1/label", b'{"text": "", "html": ""}', "application/json", 422, "either"),
        ("/v1/label", b'{"pages": []}', "application/json", 422, "one at least"),
        ("/v1/label", b'{"pages": [{"text": ""}, 1]}', "application/json", 422, "/pages/1"),
        ("/v1/label", json.dumps({"pages": [{"text": ""}] * 4}), "application/json", 422, "4 pa"),
        ("/v1/clean?keep=joke", b"x", "text/plain", 422, "none of original_report"),
        ("/v1/clean?min_confidence=nan", b"x", "text/plain", 422, "between 0 and 1"),
        ("/v1/clean?min-confidence=1", b"x", "text/plain", 422, "takes keep and min_confidence"),
        ("/v1/label?format=html", b"x", "text/plain", 422, "no parameter 'format'"),
        ("/v2", b"x", "text/plain", 404, "nothing at /v2"),
        ("/healthz", b"x", "text/plain", 405, "it takes GET"),
    ],
)
def test_what_cannot_be_done_is_told_as_a_problem(
    client: TestClient, path: str, body: str | bytes, kind: str, status: int, told: str
) -> None:
    answer = post(client, path, body, kind)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert told in document["detail"]
    assert {"type", "title"} <= set(document)


def test_compressed_bodies_are_refused(client: TestClient) -> None:
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    answer = client.post("/v1/label", content=b"x", headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


def test_a_body_of_unknown_length_is_bounded_too(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    headers = {"content-type": "text/plain"}
    assert client.post("/v1/label", content=pieces(), headers=headers).status_code == 413


def test_a_fault_is_a_problem_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Segmenter, "pipe", broken)
    answer = post(client, "/v1/label", TEXT)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["title"] == "Internal Server Error"


def test_half_a_surrogate_pair_goes_through(client: TestClient) -> None:
    body = '{"text": "Share \\ud800 this"}'
    answer = post(client, "/v1/label", body, "application/json")
    assert answer.json()["blocks"][0]["text"] == "Share \ud800 this"


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    post(client, "/v1/label", TEXT)
    post(client, "/v1/label", b"{", "application/json")
    client.get("/somewhere/else")
    shown = client.get("/metrics")
    assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        'segmenter_requests_total{path="/v1/label",status="200"} 1.0',
        'segmenter_requests_total{path="/v1/label",status="400"} 1.0',
        'segmenter_requests_total{path="other",status="404"} 1.0',
        "segmenter_pages_total 1.0",
        f"segmenter_characters_total {float(len(TEXT))}",
        'segmenter_request_seconds_count{path="/v1/label"} 2.0',
        "segmenter_requests_waiting 0.0",
    ):
        assert line in shown.text
    counted = re.findall(r'segmenter_blocks_total\{label="\w+"\} (\S+)', shown.text)
    assert sum(map(float, counted)) == 2


def test_each_request_is_a_line_of_the_log(
    client: TestClient, log: list[dict[str, object]]
) -> None:
    post(client, "/v1/label", TEXT)
    client.get('/x%0A{"forged": 1}')
    first, second = log
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/label", 200)
    assert first["bytes_in"] == len(TEXT.encode())
    assert second["status"] == 404
    assert "\n" not in json.dumps(second)


def test_the_examples_of_the_description_are_true(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/v1/label", "/v1/clean"):
        content = paths[path]["post"]["requestBody"]["content"]
        for example in content["application/json"]["examples"].values():
            assert client.post(path, json=example["value"]).status_code == 200
        for kind in ("text/plain", "text/html"):
            assert post(client, path, content[kind]["example"], kind).status_code == 200
    shown = paths["/v1/label"]["post"]["responses"]["200"]["content"]["application/json"]
    expected = shown["examples"]["page"]["value"]
    sent = paths["/v1/label"]["post"]["requestBody"]["content"]["application/json"]
    found = client.post("/v1/label", json=sent["examples"]["page"]["value"]).json()
    for ours, theirs in zip(found["blocks"], expected["blocks"], strict=True):
        assert {**ours, "confidence": 0} == {**theirs, "confidence": 0}
