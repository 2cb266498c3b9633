"""``segmenter export`` and ``segmenter import``: labelled pages to and from annotation tools."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click

from segmenter.errors import InputError, SegmenterError, printable
from segmenter.exchange import doccano, label_studio, prodigy, spacy
from segmenter.formats import Reading, Record, read
from segmenter.formats.sources import STANDARD_INPUT
from segmenter.labelled import LabelledPage, check_labels, json_line, to_segments
from segmenter.labels import Label
from segmenter.segmenter import Segmenter

TOOLS = ("label-studio", "doccano", "prodigy", "spacy")
_LINES: dict[str, Any] = {"doccano": doccano, "prodigy": prodigy}

_output = click.option(
    "--output", "-o", type=click.File("wb"), default="-", help="File to write; standard output."
)


def _tell(message: str) -> None:
    click.echo(f"segmenter: {printable(message)}", err=True)


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGES]...")
@click.option("--to", "tool", type=click.Choice(TOOLS), required=True, help="The tool.")
@click.option("--model", "model_path", help="Model file; the packaged one unless given.")
@click.option("--text-field", default="text", show_default=True, help="JSONL field of the text.")
@click.option("--id-field", default="id", show_default=True, help="JSONL field of the id.")
@click.option(
    "--config", is_flag=True, help="Write Label Studio's labelling configuration instead."
)
@_output
def export(
    pages: tuple[str, ...],
    tool: str,
    model_path: str | None,
    text_field: str,
    id_field: str,
    config: bool,
    output: IO[bytes],
) -> None:
    """Write labelled pages for an annotation tool.

    PAGES with labels (JSON Lines with segments, as `review` saves them) are written as they are;
    others are labelled by the model first, for a person to correct.
    """
    if config and tool != "label-studio":
        raise click.UsageError("--config goes with --to label-studio")
    failures: list[InputError] = []
    try:
        model = Segmenter.load(model_path)
        if config:
            output.write(label_studio.configuration(model.model.labels).encode() + b"\n")
            return
        records = (
            record
            for source in pages or ("-",)
            for record in read(source, Reading(None, text_field, id_field))
        )
        found = _labelled(records, model, failures)
        if tool == "spacy":
            output.write(spacy.write(_held((page for page, _ in found), failures)))
        elif tool == "label-studio":
            tasks = (label_studio.write(page, predicted) for page, predicted in found)
            for part in _array(tasks):
                output.write(part.encode())
        else:
            for page, predicted in found:
                output.write(json_line(_LINES[tool].write(page, predicted)).encode() + b"\n")
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    if failures:
        sys.exit(1)
    output.write(b"")  # the file is opened by the first write: no pages make an empty one


def _array(items: Iterable[Any]) -> Iterator[str]:
    """The pieces of a JSON array, an item a line."""
    count = 0
    for item in items:
        yield (",\n" if count else "[\n") + json_line(item)
        count += 1
    yield "\n]\n" if count else "[]\n"


def _labelled(
    records: Iterable[Record | InputError], model: Segmenter, failures: list[InputError]
) -> Iterator[tuple[LabelledPage, bool]]:
    """The pages, and whether the model labelled them; what cannot be read is told and kept."""
    for record in records:
        if isinstance(record, InputError):
            failures.append(record)
            _tell(str(record))
        elif record.labelled is not None:
            yield record.labelled, False
        else:
            html = record.html
            page = model.segment(record.text) if html is None else model.segment_html(html)
            spans = [(block.start, block.end, str(block.label)) for block in page.blocks]
            yield record.with_labels(to_segments(page.text, spans)), True


def _held(pages: Iterable[LabelledPage], failures: list[InputError]) -> Iterator[LabelledPage]:
    """The pages that a file of spaCy can hold; the others are told and kept."""
    for page in pages:
        try:
            spacy.check(page)
        except InputError as error:
            failures.append(error)
            _tell(str(error))
        else:
            yield page


@click.command("import")
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, allow_dash=True), required=True)
@click.option("--from", "tool", type=click.Choice(TOOLS), required=True, help="The tool.")
@click.option(
    "--model", "model_path", help="Model file that has the labels; the packaged one unless given."
)
@_output
def import_(files: tuple[str, ...], tool: str, model_path: str | None, output: IO[bytes]) -> None:
    """Read what an annotation tool exported, and write labelled pages.

    FILES are paths, or - for standard input. The pages come as JSON Lines, as `make train
    EXTRA=FILE` and `review` read them. Tasks that no one has finished are left out; doccano and
    spaCy do not tell, so of theirs those without labels are.
    """
    try:
        labels = tuple(Label) if model_path is None else Segmenter.load(model_path).model.labels
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    failed = False
    for file in files:
        where = "standard input" if file == STANDARD_INPUT else file
        left_out = 0
        try:
            for found in _read(_content(file), tool, Path(where).stem):
                if found is None:
                    left_out += 1
                    continue
                try:
                    if isinstance(found, InputError):
                        raise found
                    check_labels(found.segments, labels)
                except InputError as error:
                    name = f"page {found.id} " if isinstance(found, LabelledPage) else ""
                    _tell(f"{where}: {name}{error}")
                    failed = True
                    continue
                output.write(found.to_line().encode() + b"\n")
        except SegmenterError as error:
            _tell(f"{where}: {error}")
            failed = True
        if left_out:
            _tell(f"{where}: {left_out} tasks without an answer are left out")
    if failed:
        sys.exit(1)
    output.write(b"")  # as in `export`


def _content(file: str) -> bytes:
    """What a file holds, or standard input."""
    if file == STANDARD_INPUT and sys.stdin is None:
        raise InputError("is closed")
    try:
        return sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def _read(content: bytes, tool: str, title: str) -> Iterator[LabelledPage | InputError | None]:
    """The pages of a file; in the place of one that cannot be read, what is wrong.

    ``title`` and a page's place are the id of one that has none.
    """
    if tool == "spacy":
        yield from spacy.read(content)
        return
    module: Any = label_studio if tool == "label-studio" else _LINES[tool]
    for name, item in _items(content):
        try:
            yield item if isinstance(item, InputError) else module.read(item, f"{title} {name}")
        except InputError as error:
            yield InputError(f"{name}: {error}")


def _items(content: bytes) -> Iterator[tuple[str, Any]]:
    """The items of a JSON array, or of JSON Lines, each with its place."""
    if content.lstrip().startswith(b"["):
        try:
            items = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InputError(f"is no JSON: {error}") from error
        yield from ((f"task {i}", item) for i, item in enumerate(items, 1))
        return
    for i, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                yield f"line {i}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"line {i}", InputError(f"line {i}: is no JSON: {error}")
