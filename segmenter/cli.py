"""The command line: thin; what it does is told by ``segmenter --help``."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import click

from segmenter import __version__
from segmenter.completion import completion, label_names
from segmenter.errors import InputError, MissingExtraError, SegmenterError, printable
from segmenter.formats import FORMATS, Reading, Record, read
from segmenter.formats.text import without_surrogates
from segmenter.lazy import FiniteRange, LazyGroup
from segmenter.page import Page
from segmenter.segmenter import Segmenter
from segmenter.streaming import at_hand, comes_slowly

Labelled = Iterator[tuple[Record, Page]]


@dataclass
class Run:
    """One call of the program: its model, how it reads, and what failed."""

    segmenter: Segmenter
    reading: Reading
    failures: int = field(default=0)

    def pages(self, sources: Sequence[str]) -> Labelled:
        """The labelled pages of all sources, in order; what cannot be read is named and counted.

        Where a source may keep its reader waiting, what was written is sent off before.
        """
        found = (record for source in sources for record in read(source, self.reading, _tell))
        if any(comes_slowly(source) for source in sources):
            for batch in at_hand(found, _size):
                yield from self._label(batch)
                sys.stdout.flush()
        else:
            yield from self._label(found)

    def _label(self, found: Iterable[Record | InputError]) -> Labelled:
        records = self._sound(found)
        for is_html, group in itertools.groupby(records, lambda record: record.html is not None):
            waiting: deque[Record] = deque()
            # `tee` would keep all records; this keeps those that are being labelled.
            taken = _remember(group, waiting)
            if is_html:
                pages = self.segmenter.pipe_html(record.html or "" for record in taken)
            else:
                pages = self.segmenter.pipe(record.text for record in taken)
            for page in pages:
                yield waiting.popleft(), page

    def _sound(self, found: Iterable[Record | InputError]) -> Iterator[Record]:
        """The records that could be read; the others are named and counted."""
        for record in found:
            if isinstance(record, InputError):
                self.failures += 1
                _tell(str(record))
                continue
            if record.note:
                _tell(f"{record.where}: {record.note}")
            if record.html is not None and (lacking := _lacking_for_html()):
                self.failures += 1
                _tell(f"{record.where}: {lacking}")
                continue
            yield record


def _size(record: Record | InputError) -> int:
    beside = 256  # so that a stream of empty records has a size too
    if isinstance(record, InputError):
        return beside
    return beside + len(record.text) + len(record.html or "")


@cache
def _lacking_for_html() -> str:
    """What to do so that HTML can be read; empty if it can."""
    try:
        import segmenter.html  # noqa: F401
    except MissingExtraError as error:
        return str(error)
    return ""


def _remember(records: Iterable[Record], waiting: deque[Record]) -> Iterator[Record]:
    for record in records:
        waiting.append(record)
        yield record


def _tell(message: str) -> None:
    click.echo(f"segmenter: {printable(message)}", err=True)


def _write(text: str) -> None:
    """Writes to standard output as UTF-8; half a surrogate pair becomes U+FFFD."""
    sys.stdout.buffer.write(without_surrogates(text).encode())


def _json(data: Any, indent: int | None = None) -> str:
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(data, indent=indent)
    return text + "\n"


def _write_json(items: Iterator[dict[str, Any]]) -> None:
    """One object for one page, an array for several or none."""
    first = next(items, None)
    second = next(items, None)
    if first is None:
        _write("[]\n")
        return
    if second is None:
        _write(_json(first, 2))
        return
    _write("[\n" + _json(first).rstrip("\n"))
    _write(",\n" + _json(second).rstrip("\n"))
    for item in items:
        _write(",\n" + _json(item).rstrip("\n"))
    _write("\n]\n")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that all commands that read pages have."""
    for option in (
        click.option("--id-field", default="id", show_default=True, help="JSONL field of the id."),
        click.option(
            "--text-field", default="text", show_default=True, help="JSONL field of the text."
        ),
        click.option(
            "--input-format",
            type=click.Choice(FORMATS),
            help="Format of the inputs; told by suffix or content unless given.",
        ),
        click.option(
            "--model",
            "model_path",
            type=click.Path(),
            metavar="FILE",
            help="Model file; the packaged one unless given.",
        ),
        click.argument("inputs", nargs=-1, type=click.Path(), metavar="[INPUT]..."),
    ):
        command = option(command)
    return command


def _start(model_path: str | None, *reading: Any) -> Run:
    try:
        return Run(Segmenter.load(model_path), Reading(*reading))
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error


def _finish(run: Run) -> None:
    sys.stdout.flush()
    if run.failures:
        sys.exit(1)


@click.group(
    cls=LazyGroup,
    lazy={
        "archive": "segmenter.archive.command:archive_command",
        "export": "segmenter.cli_exchange:export",
        "import": "segmenter.cli_exchange:import_",
        "info": "segmenter.cli_info:info",
        "review": "segmenter.cli_review:review",
        "serve": "segmenter.cli_serve:serve",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """Take scraped news pages apart.

    Every block of a page is labelled original_report, satirical_rewrite, generated_interview or
    boilerplate, or with the labels of a model of your own. INPUT is a path, several, or - for
    standard input, the default: a text, an HTML page, or JSON Lines with a page a line, of which
    each is answered as it comes; WARC and Parquet too, packed files (.gz, .zst), a folder of all
    these, and a pattern in quotes. Results go to standard output, everything else to standard
    error. Exit code: 0 all done, 1 some records failed, 2 wrong usage, 130 interrupted.
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        context.color = False


@main.command()
@_options
@click.option(
    "--format",
    "output",
    type=click.Choice(["table", "json", "jsonl", "html"]),
    default="table",
    show_default=True,
    help="What to write; json is an object for one page, an array for several.",
)
def label(
    inputs: tuple[str, ...],
    model_path: str | None,
    input_format: str | None,
    text_field: str,
    id_field: str,
    output: str,
) -> None:
    """Label the blocks of pages."""
    from segmenter import show

    run = _start(model_path, input_format, text_field, id_field)
    names = run.segmenter.model.labels
    pages = run.pages(inputs or ("-",))
    if output == "jsonl":
        for record, page in pages:
            _write(_json({"id": record.id, **page.to_dict()}))
    elif output == "json":
        _write_json({"id": record.id, **page.to_dict()} for record, page in pages)
    elif output == "html":
        _write(show.web_page([(record.id, page) for record, page in pages], names))
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        for i, (record, page) in enumerate(pages):
            click.echo(("\n" if i else "") + show.table(record.id, page, names, width))
    _finish(run)


@main.command()
@_options
@click.option(
    "--keep",
    multiple=True,
    metavar="LABEL",
    shell_complete=label_names,
    help="Label to keep; may be given several times. The model's first label unless given.",
)
@click.option(
    "--min-confidence",
    type=FiniteRange(0, 1),
    default=0.0,
    help="Leave out blocks of which the model is less sure.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "markdown", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="What to write; json is an object for one page, an array for several.",
)
@click.option("--links", is_flag=True, help="With --format markdown: write where links lead.")
def clean(
    inputs: tuple[str, ...],
    model_path: str | None,
    input_format: str | None,
    text_field: str,
    id_field: str,
    keep: tuple[str, ...],
    min_confidence: float,
    output: str,
    links: bool,
) -> None:
    """Write the report of each page, without the rest.

    Of HTML, the body of the article: Markdown has its headline and captions too, and JSON has the
    page's metadata.
    """
    from segmenter.markdown import markdown

    if links and output != "markdown":
        raise click.UsageError("--links goes with --format markdown")
    run = _start(model_path, input_format, text_field, id_field)
    labels = run.segmenter.model.labels
    if unknown := [name for name in keep if name not in labels]:
        raise click.BadParameter(
            f"{unknown[0]!r} is none of {', '.join(labels)}", param_hint="--keep"
        )
    kept = keep or labels[:1]
    pages = run.pages(inputs or ("-",))
    if output == "jsonl":
        for record, page in pages:
            _write(_json(_cleaned(record, page, kept, min_confidence)))
    elif output == "json":
        _write_json(_cleaned(record, page, kept, min_confidence) for record, page in pages)
    else:
        for i, (_, page) in enumerate(pages):
            if output == "markdown":
                text = markdown(page, kept, min_confidence, links)
            else:
                text = page.clean(kept, min_confidence)
            _write(("\n" if i else "") + text)
    _finish(run)


def _cleaned(
    record: Record, page: Page, keep: Collection[str], min_confidence: float
) -> dict[str, Any]:
    data: dict[str, Any] = {"id": record.id, "text": page.clean(keep, min_confidence)}
    if page.metadata is not None:
        data["metadata"] = page.metadata.to_dict()
    return data


@main.command()
@_options
@click.option("--block", type=int, required=True, help="Number of the block, as `label` shows it.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many features to show.",
)
def explain(
    inputs: tuple[str, ...],
    model_path: str | None,
    input_format: str | None,
    text_field: str,
    id_field: str,
    block: int,
    top: int,
) -> None:
    """Show which features spoke for which label of a block of a page.

    Of HTML, first what its markup says of the block, alone and among the others, and for a block
    inside the article then what its words say.
    """
    from segmenter import show
    from segmenter.explain import explain as reasons_for

    run = _start(model_path, input_format, text_field, id_field)
    labels = run.segmenter.model.labels
    width = shutil.get_terminal_size((100, 24)).columns
    for i, (record, page) in enumerate(run.pages(inputs or ("-",))):
        try:
            if record.html is None:
                told = show.reasons(
                    reasons_for(run.segmenter.model, record.text, block), labels, top
                )
            else:
                told = _html_reasons(run.segmenter, record.html, block, top)
        except SegmenterError as error:
            run.failures += 1
            _tell(f"{record.where}: {error}")
            continue
        click.echo(("\n" if i else "") + show.heading(record.id))
        click.echo(show.row(block, page.blocks[block], labels, width))
        click.echo(told)
    _finish(run)


def _html_reasons(segmenter: Segmenter, html: bytes | str, block: int, top: int) -> str:
    from segmenter import show
    from segmenter.explain_html import explain_html

    found = explain_html(segmenter, html, block)
    parts = [
        "its markup and words, for the article (+) or against:",
        show.reasons(found.alone, ("article",), top),
        "that and the blocks around, for the article (+) or against:",
        show.reasons(found.around, ("article",), top),
    ]
    if found.words:
        parts += ["inside the article:", show.reasons(found.words, segmenter.model.labels, top)]
    return "\n".join(parts)


main.add_command(completion)
