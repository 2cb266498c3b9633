"""A review in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = shutil.which("chromium")

Open = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class Review:
    """A running ``segmenter review``."""

    def __init__(self, folder: Path, *args: str) -> None:
        command = [sys.executable, "-m", "segmenter", "review", "--save", "corrections.jsonl"]
        self.process = subprocess.Popen(
            [*command, *args], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:")

    def kill(self) -> None:
        """As if the machine died."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Callable[..., Review]]:
    """Starts reviews in a folder of the test's own."""
    with ExitStack() as running:

        def start(*args: str) -> Review:
            made = Review(tmp_path, *args)
            running.callback(made.close)
            return made

        yield start


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser")
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with api.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens an address in a tab; no tab may log an error, or ask another host for anything."""
    errors: list[str] = []
    hosts: set[str] = set()
    with ExitStack() as opened:

        def open_tab(address: str, context: Any = None, wait: str = ".row", **options: Any) -> Any:
            if context is None:
                context = browser.new_context(**options)
                opened.callback(context.close)
            tab = context.new_page()
            tab.set_default_timeout(10_000)
            tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
            tab.goto(address)
            tab.wait_for_selector(wait)
            return tab

        open_tab.errors = errors  # type: ignore[attr-defined]
        yield open_tab
    assert errors == []
    assert hosts - {""} <= {"127.0.0.1"}
