"""``segmenter serve``: the same labels over HTTP, for programs."""

from __future__ import annotations

import logging
import os

import click

from segmenter.errors import MissingExtraError, SegmenterError
from segmenter.lazy import FiniteRange
from segmenter.segmenter import Segmenter


@click.command()
@click.option("--model", "model_path", help="Model file; the packaged one unless given.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: min(os.cpu_count() or 1, 64),
    show_default="one for each core",
    help="Requests that are worked on at a time.",
)
@click.option(
    "--waiting",
    type=click.IntRange(0, 10_000),
    default=16,
    show_default=True,
    help="Requests that may wait for their turn; others are refused with status 503.",
)
@click.option(
    "--timeout",
    type=FiniteRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="Seconds that a request may take.",
)
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=10 << 20,
    show_default=True,
    help="Bytes that a request may have.",
)
@click.option("--access-log/--no-access-log", default=True, help="A line of JSON a request.")
def serve(
    model_path: str | None,
    host: str,
    port: int,
    workers: int,
    waiting: int,
    timeout: float,
    max_body: int,
    access_log: bool,
) -> None:
    """Label and clean pages over HTTP.

    POST a page to /v1/label or /v1/clean, as text, as HTML, or as JSON with one page or a batch;
    /openapi.json tells all of it. There is also /healthz, and /metrics for Prometheus. The access
    log goes to standard error. On a signal to stop, what was accepted is finished.
    """
    try:
        from segmenter.model_version import model_version
        from segmenter.serve.app import build
        from segmenter.serve.limits import Limits
        from segmenter.serve.watch import to_stderr
        from segmenter.web import running
    except ImportError as error:
        missing = MissingExtraError.of("serve", "serve", error)
        raise click.ClickException(str(missing)) from error
    logging.basicConfig(level=logging.WARNING, format="segmenter: %(message)s")
    limits = Limits(max_body, timeout, workers, waiting)
    try:
        segmenter, model = Segmenter.load(model_path), model_version(model_path)
        with running.bind(host, port) as bound:
            click.echo(f"http://{running.address(bound)}/", err=True)
            app = build(segmenter, model, limits, to_stderr if access_log else None)
            running.run(app, bound, grace=round(timeout) + 1)
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
