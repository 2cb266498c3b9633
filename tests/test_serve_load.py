"""The server as a program: under twice the load that it can bear, and when it is stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

TEXT = "The river rose by two metres on Friday, the fire brigade said.\n\nShare\n\n" * 1500
SECONDS = 3.0
TIMEOUT = 5.0


@contextmanager
def server(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running server, and its address; it is stopped at the end."""
    command = [sys.executable, "-m", "segmenter", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield process.stderr.readline().strip(), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def test_overload_is_refused_quickly_and_what_is_accepted_ends_in_time() -> None:
    async def one(client: httpx2.AsyncClient, found: list[tuple[int, float]]) -> None:
        began = time.monotonic()
        answer = await client.post("v1/label", content=TEXT, headers={"content-type": "text/plain"})
        found.append((answer.status_code, time.monotonic() - began))

    async def load(address: str) -> tuple[float, list[tuple[int, float]]]:
        async with httpx2.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
            alone: list[tuple[int, float]] = []
            for _ in range(6):
                await one(client, alone)
            assert {status for status, _ in alone} == {200}
            pause = sorted(took for _, took in alone)[2] / 2
            found: list[tuple[int, float]] = []
            async with asyncio.TaskGroup() as group:
                for _ in range(min(round(SECONDS / pause), 400)):
                    group.create_task(one(client, found))
                    await asyncio.sleep(pause)
            return pause, found

    options = ("--workers", "1", "--waiting", "4", "--timeout", str(TIMEOUT), "--no-access-log")
    with server(*options) as (address, _):
        pause, found = asyncio.run(load(address))
    accepted = sorted(took for status, took in found if status == 200)
    refused = sorted(took for status, took in found if status == 503)
    assert len(accepted) + len(refused) == len(found)
    assert len(accepted) > len(found) / 8
    assert refused
    assert accepted[-1] < TIMEOUT
    # A refusal needs no turn: half of them come in less than the time of one page or so.
    assert refused[len(refused) // 2] < max(4 * pause, 0.25)


def test_a_stop_finishes_what_was_accepted() -> None:
    with server("--workers", "1") as (address, process):
        host, port = address.removeprefix("http://").rstrip("/").split(":")
        body = json.dumps({"pages": [{"text": TEXT}] * 8}).encode()
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(
                b"POST /v1/label HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body) + body
            )
            wait_until_running(address)
            process.send_signal(signal.SIGTERM)
            received = b""
            while piece := connection.recv(1 << 16):
                received += piece
        head, _, content = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert len(json.loads(content)["pages"]) == 8
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert process.stderr is not None
        entries = [json.loads(line) for line in process.stderr.read().splitlines()]
        assert [e["status"] for e in entries if e["path"] == "/v1/label"] == [200]
        with pytest.raises(OSError):  # noqa: PT011
            socket.create_connection((host, int(port)), timeout=5)


def wait_until_running(address: str) -> None:
    for _ in range(200):
        shown = httpx2.get(f"{address}metrics", trust_env=False).text
        if "segmenter_requests_running 1.0" in shown:
            return
        time.sleep(0.01)
    raise AssertionError("the request was not begun")
