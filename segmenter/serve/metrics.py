"""What the server counts and times, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from segmenter.page import Page

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""That of the text format, which is all that this server speaks."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; the default ones of the client libraries."""


class Load(Protocol):
    """What tells how busy the server is."""

    inside: int
    running: int


class Metrics:
    """The counts of one server; names as the documentation of Prometheus asks for them."""

    def __init__(self, version: str, model: str, load: Callable[[], Load]) -> None:
        """All counts at zero."""
        self._registry = CollectorRegistry()
        of = self._registry
        Info("segmenter_build", "Version and model.", registry=of).info(
            {"version": version, "model": model}
        )
        self.requests = Counter(
            "segmenter_requests", "Requests answered.", ["path", "status"], registry=of
        )
        self.seconds = Histogram(
            "segmenter_request_seconds",
            "From request to answer.",
            ["path"],
            buckets=BUCKETS,
            registry=of,
        )
        self.pages = Counter("segmenter_pages", "Pages labelled.", registry=of)
        self.characters = Counter(
            "segmenter_characters", "Characters of text labelled.", registry=of
        )
        self.blocks = Counter("segmenter_blocks", "Blocks labelled.", ["label"], registry=of)
        running = Gauge("segmenter_requests_running", "Requests that are worked on.", registry=of)
        running.set_function(lambda: load().running)
        waiting = Gauge(
            "segmenter_requests_waiting", "Requests that wait for their turn.", registry=of
        )
        waiting.set_function(lambda: max(load().inside - load().running, 0))

    def count(self, page: Page) -> None:
        """Counts a labelled page."""
        self.pages.inc()
        self.characters.inc(len(page.text))
        for block in page.blocks:
            self.blocks.labels(str(block.label)).inc()

    def text(self) -> bytes:
        """All counts in the text format."""
        return generate_latest(self._registry)
