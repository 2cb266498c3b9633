"""``segmenter review``: looks at labels and corrects them in the browser."""

from __future__ import annotations

import itertools
import logging
import secrets
import webbrowser
from pathlib import Path

import click

from segmenter.errors import InputError, MissingExtraError, SegmenterError
from segmenter.formats import FORMATS, Reading, read

GRACE = 5
"""Seconds that requests under way have to end once the review is stopped."""


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGES]...")
@click.option(
    "--save",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default="corrections.jsonl",
    show_default=True,
    help="File that keeps the corrected pages.",
)
@click.option("--model", "model_path", help="Model file; the packaged one unless given.")
@click.option(
    "--input-format",
    type=click.Choice(FORMATS),
    help="Format of the pages; told by suffix or content unless given.",
)
@click.option("--text-field", default="text", show_default=True, help="JSONL field of the text.")
@click.option("--id-field", default="id", show_default=True, help="JSONL field of the id.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port; any that is free unless given."
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
def review(
    pages: tuple[str, ...],
    path: Path,
    model_path: str | None,
    input_format: str | None,
    text_field: str,
    id_field: str,
    host: str,
    port: int,
    opens: bool,
) -> None:
    """Look at the labels of pages in the browser and correct them.

    PAGES are texts, HTML pages, or JSON Lines, with labels or without. Corrected pages go to the
    file of --save at once, in the format that `make train EXTRA=FILE` reads; what is in it already
    is there to be gone on with. The address that is printed is the key: keep it to yourself.
    """
    try:
        _review(
            pages, path, model_path, Reading(input_format, text_field, id_field), host, port, opens
        )
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error


def _review(
    pages: tuple[str, ...],
    path: Path,
    model_path: str | None,
    reading: Reading,
    host: str,
    port: int,
    opens: bool,
) -> None:
    try:
        from segmenter.review.app import build
        from segmenter.review.corrections import Corrections
        from segmenter.review.guard import Guard
        from segmenter.review.session import Session, add_all
        from segmenter.web import running
    except ImportError as error:
        raise MissingExtraError.of("review", "serve", error) from error
    logging.basicConfig(level=logging.WARNING, format="segmenter: %(message)s")
    session = Session(model_path, Corrections(path))
    try:
        records = itertools.chain.from_iterable(read(source, reading) for source in pages)
        count, errors = add_all(session, records)
        for problem in errors:
            click.echo(f"segmenter: {problem}", err=True)
        if pages and not count:
            raise InputError("none of the pages can be read")
        with running.bind(host, port) as bound:
            at = running.address(bound)
            token = secrets.token_urlsafe(24)
            hosts = {at, f"localhost:{bound.getsockname()[1]}"}
            if host not in ("127.0.0.1", "localhost", "::1"):
                click.echo(
                    f"segmenter: on {host}, everyone who learns the address can read the pages and "
                    "change their labels",
                    err=True,
                )
                hosts.add(f"{host}:{bound.getsockname()[1]}")
            address = f"http://{at}/{token}/"
            click.echo(f"{address}\ncorrections go to {path}; stop with Ctrl-C")
            if opens:
                webbrowser.open(address)
            running.run(Guard(build(session, token), token, hosts), bound, GRACE)
    finally:
        session.close()
