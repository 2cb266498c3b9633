from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from segmenter import cli
from segmenter.formats import Record
from segmenter.review.app import LARGEST_BODY, build
from segmenter.review.corrections import Corrections
from segmenter.review.guard import Guard
from segmenter.review.session import Session
from training import pages as pg

TEXT = "Share this article\n\nThe river rose by two metres on Friday, police said.\n\nRelated\n"
HOST = "127.0.0.1:4000"
TOKEN = "t-o-k-e-n"
STATIC = Path(cli.__file__).parent / "review" / "static"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "corrections.jsonl"


@pytest.fixture
def client(path: Path) -> Iterator[TestClient]:
    session = Session(None, Corrections(path))
    session.add(Record("a", TEXT, "a"))
    app = Guard(build(session, TOKEN), TOKEN, [HOST])
    with TestClient(app, base_url=f"http://{HOST}/{TOKEN}/") as made:
        yield made
    session.close()


def change(page: dict[str, Any], label: str, **more: Any) -> dict[str, Any]:
    blocks = [[b["start"], b["end"], label] for b in page["blocks"]]
    return {"version": page["version"], "confirmed": False, "blocks": blocks, **more}


def test_a_correction_goes_to_the_file(client: TestClient, path: Path) -> None:
    (summary,) = client.get("api/pages").json()
    page = client.get(f"api/pages/{summary['key']}").json()
    assert "".join(b["text"] + b["gap"] for b in page["blocks"]) == TEXT
    answer = client.put("api/pages/0", json=change(page, "original_report"))
    assert answer.status_code == 200
    assert answer.json()["kept"] == TEXT
    assert answer.json()["summary"]["state"] == "saved"
    assert pg.load([path])[0].segments == (("original_report", TEXT),)


def test_two_tabs_do_not_overwrite_each_other(client: TestClient, path: Path) -> None:
    page = client.get("api/pages/0").json()
    client.put("api/pages/0", json=change(page, "original_report"))
    answer = client.put("api/pages/0", json=change(page, "boilerplate"))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    theirs = answer.json()["page"]
    assert {block["label"] for block in theirs["blocks"]} == {"original_report"}
    assert pg.load([path])[0].segments == (("original_report", TEXT),)
    again = change(page, "boilerplate", version=theirs["version"])
    assert client.put("api/pages/0", json=again).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 99_999, 400),
        (b"[]", 422),
        (b'{"version": "x", "confirmed": 1, "blocks": []}', 422),
        (b"x" * (LARGEST_BODY + 1), 413),
    ],
)
def test_bad_changes_are_refused(client: TestClient, path: Path, body: bytes, status: int) -> None:
    answer = client.put("api/pages/0", content=body)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert not path.exists()


def test_pages_are_added(client: TestClient) -> None:
    html = "<!doctype html><p>The river rose by two metres on Friday, police said.</p>"
    answer = client.post(
        "api/pages?name=x.html", content=html, headers={"content-type": "text/html"}
    )
    assert (answer.status_code, answer.json()["id"]) == (201, "x.html")
    assert client.get(f"api/pages/{answer.json()['key']}").json()["html"]
    answer = client.post("api/pages", content=TEXT, headers={"content-type": "text/plain"})
    assert re.fullmatch(r"pasted \w{8}", answer.json()["id"])
    assert len(client.get("api/pages").json()) == 3
    binary = client.post(
        "api/pages?name=x.pdf", content=b"%PDF-1.7", headers={"content-type": "text/plain"}
    )
    assert (binary.status_code, binary.json()["detail"]) == (
        422,
        "x.pdf: is a binary file, not text",
    )
    assert client.post("api/pages", content="x").status_code == 415


def test_why_search_and_state(client: TestClient) -> None:
    assert client.get("api/search?q=RIVER").json() == ["0"]
    assert client.get("api/state").json()["file"] == "corrections.jsonl"
    assert client.get("api/pages/0/why?start=20&end=40").json()["reasons"]
    assert client.get("api/pages/0/why?start=x").status_code == 422
    assert client.get("api/pages/9/why?start=1&end=2").status_code == 404
    assert client.get("api/pages/9").status_code == 404
    assert client.post("api/model").json()["newer"] is False


def test_only_the_page_itself_may_ask(client: TestClient) -> None:
    def status(**headers: str) -> int:
        return client.get("api/pages", headers=headers).status_code

    assert status() == 200
    assert status(host="evil.example") == 403
    assert status(host="evil.example:4000") == 403
    assert status(origin="http://evil.example") == 403
    assert status(origin="null") == 403
    assert status(origin=f"http://{HOST}") == 200
    assert status(**{"sec-fetch-site": "cross-site"}) == 403
    assert status(**{"sec-fetch-site": "same-origin"}) == 200
    for where in ("/", "/api/pages", "/wrong/api/pages", f"/{TOKEN}x/api/pages", "//", "/%ff/"):
        assert client.get(f"http://{HOST}{where}").status_code == 403
    headers = client.get("").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"


def test_a_request_for_the_server_as_a_whole_is_refused() -> None:
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        said.append(message)

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("asked")

    headers = [(b"host", HOST.encode())]
    scope: Scope = {"type": "http", "method": "OPTIONS", "path": "*", "headers": headers}
    asyncio.run(Guard(never, TOKEN, [HOST])(scope, receive, send))
    assert said[0]["status"] == 403


def test_only_its_own_files_are_served(client: TestClient) -> None:
    assert client.get("").text.startswith("<!doctype html>")
    for file in STATIC.iterdir():
        assert client.get(f"static/{file.name}").content == file.read_bytes()
    for name in ("..%2fapp.py", "%2e%2e/app.py", "app.py", "/etc/passwd", "x" * 9999):
        answer = client.get(f"static/{name}")
        assert answer.status_code in (403, 404)


def test_the_page_names_no_other_host() -> None:
    for file in STATIC.iterdir():
        hosts = set(re.findall(r"//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", file.read_text()))
        assert hosts <= {"www.w3.org"}, file  # the name of the SVG vocabulary, never loaded


def test_half_a_surrogate_pair_goes_through(client: TestClient, path: Path) -> None:
    session = client.app._app.routes[0].endpoint.__self__.session  # type: ignore[attr-defined]
    session.add(Record("b", "x\ud800y", "b"))
    page = client.get("api/pages/1").json()
    assert page["blocks"][0]["text"] == "x\ud800y"
    client.put("api/pages/1", json=change(page, "satirical_rewrite"))
    assert json.loads(path.read_text())["segments"][0]["text"] == "x\ud800y"


def test_the_command_tells_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    def error(*args: str) -> str:
        result = CliRunner().invoke(cli.main, ["review", *args])
        assert result.exit_code == 1
        return result.stderr.splitlines()[-1]

    assert "none of the pages can be read" in error(
        str(tmp_path / "none.txt"), "--save", str(tmp_path / "c.jsonl")
    )
    assert "no such folder" in error("--save", str(tmp_path / "no" / "c.jsonl"))
    assert "cannot listen on 256.1.1.1" in error(
        "--host", "256.1.1.1", "--save", str(tmp_path / "c.jsonl")
    )
