"""``segmenter archive``: the options of the batch job."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from segmenter.archive.job import archive
from segmenter.archive.progress import progress
from segmenter.archive.settings import (
    MAX_PAGE_BYTES,
    PAGE_TIMEOUT,
    Settings,
    SettingsError,
    target_of,
)
from segmenter.archive.summary import Summary
from segmenter.errors import SegmenterError, printable, told
from segmenter.formats import FORMATS, Reading
from segmenter.formats.writing import TARGETS
from segmenter.lazy import INTERRUPTED, FiniteRange


class _Share(click.ParamType[tuple[str, float]]):
    name = "LABEL=X"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        label, _, share = value.partition("=")
        try:
            least = float(share)
        except ValueError:
            least = -1.0
        if not 0 <= least <= 1:
            self.fail(f"{value!r} is not of the form LABEL=X with X from 0 to 1", param, ctx)
        return label, least


@click.command("archive")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, help="Folder of the output, or its address.")
@click.option("--to", type=click.Choice(TARGETS), help="Format of the output.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True,
              help="Processes that label pages; with --engine ray, shards at once.")  # fmt: skip
@click.option("--keep", multiple=True, metavar="LABEL",
              help="Label of the cleaned text; may be given several times. The model's"
              " first label unless given.")  # fmt: skip
@click.option("--min-share", multiple=True, type=_Share(),
              help="Drop pages of which LABEL has less than the share X; may be given several"
              " times.")  # fmt: skip
@click.option("--drop-empty", is_flag=True, help="Drop pages of which no text is left.")
@click.option("--no-blocks", is_flag=True, help="Write cleaned text and shares, but no blocks.")
@click.option("--page-timeout", type=FiniteRange(min=0, min_open=True), default=PAGE_TIMEOUT,
              show_default=True, help="Seconds after which a page is set aside.")  # fmt: skip
@click.option("--max-page-bytes", type=click.IntRange(1), default=MAX_PAGE_BYTES,
              show_default=True, help="Unpacked bytes over which a page is set aside.")  # fmt: skip
@click.option("--shard-mib", type=FiniteRange(min=0, min_open=True), default=256.0,
              show_default=True, help="Unpacked MiB of input in a shard.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Begin anew in an output that exists.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--report", metavar="PATH", help="Write the summary as JSON there; - for stdout.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
              help="What runs the job.")  # fmt: skip
@click.option("--ray-address", help="Address of a Ray cluster; one is started here unless given.")
@click.option("--input-format", type=click.Choice(FORMATS),
              help="Format of the inputs; told by suffix or content unless given.")  # fmt: skip
@click.option("--text-field", default="text", show_default=True,
              help="Field or column of the text.")  # fmt: skip
@click.option("--id-field", default="id", show_default=True, help="Field or column of the id.")
@click.option("--model", help="Model file; the packaged one unless given.")
def archive_command(
    inputs: tuple[str, ...],
    output: str,
    to: str | None,
    jobs: int,
    keep: tuple[str, ...],
    min_share: tuple[tuple[str, float], ...],
    drop_empty: bool,
    no_blocks: bool,
    page_timeout: float,
    max_page_bytes: int,
    shard_mib: float,
    overwrite: bool,
    quiet: bool,
    report: str | None,
    engine: str,
    ray_address: str | None,
    input_format: str | None,
    text_field: str,
    id_field: str,
    model: str | None,
) -> None:
    """Clean archives: the batch job.

    INPUT is a file of WARC, WET, JSON Lines or Parquet, a text or HTML page, a folder of them, a
    pattern, an address such as s3://bucket/key, or - for JSON Lines on standard input. Packed files
    (.gz, .zst) are read as they are.

    OUTPUT is a folder. The format of what is written is --to, else the suffix of OUTPUT, else
    jsonl.gz. In it, with SSSSS the number of the input and NNNNN that of the shard, both from 00000
    on:

    \b
      pages/SSSSS-NNNNN.SUFFIX       the cleaned pages
      pages/SSSSS/PATH.txt           with --to text, under the paths of the input
      labels/SSSSS-NNNNN.jsonl       with --to text, their blocks and labels
      dropped/SSSSS-NNNNN.SUFFIX     pages left out by --min-share or --drop-empty, with the reason
      quarantine/SSSSS-NNNNN.jsonl   where records stand that could not be done, and why
      manifest.sqlite                what has been done

    A job that was interrupted goes on when the same command is given again, and gives the same
    files. Exit code: 0 all done, 1 some records failed or the job stopped, 2 wrong usage, 130
    interrupted.
    """  # noqa: D301 the \b is meant: click leaves the lines behind it as they are
    reading = Reading(input_format, text_field, id_field, max_page_bytes)
    settings = Settings(
        target_of(output, to),
        reading,
        model,
        keep,
        min_share,
        drop_empty,
        not no_blocks,
        int(shard_mib * (1 << 20)),
        page_timeout,
    )
    if ray_address is not None and engine != "ray":
        raise click.UsageError("--ray-address goes with --engine ray")
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        summary = archive(
            inputs, output, settings, jobs, overwrite, engine, ray_address, progress(quiet)
        )
    except KeyboardInterrupt:
        click.echo("segmenter: interrupted; the same command goes on from here", err=True)
        sys.exit(INTERRUPTED)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{told(error)}; the job stopped, and the same command goes on from here"
        ) from error
    finally:
        signal.signal(signal.SIGTERM, before)
    _tell(summary, quiet, report)
    if summary.counts.quarantined:
        sys.exit(1)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _tell(summary: Summary, quiet: bool, report: str | None) -> None:
    counts = summary.counts
    for failure in counts.failures:
        click.echo(f"segmenter: {printable(str(failure))}", err=True)
    if (more := counts.quarantined - len(counts.failures)) > 0:
        click.echo(f"segmenter: and {more} more; all are named in quarantine/", err=True)
    for line in summary.left_alone:
        click.echo(f"segmenter: {printable(line)}", err=True)
    if not quiet:
        for line in summary.lines():
            click.echo(f"segmenter: {printable(line)}", err=True)
    if report is not None:
        text = json.dumps(summary.to_dict(), ensure_ascii=False, indent=2) + "\n"
        if report == "-":
            click.echo(text, nl=False)
            return
        try:
            # What of a file's name is no UTF-8 is escaped, as JSON has it.
            Path(report).write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise click.ClickException(
                f"{report}: cannot be written: {error.strerror}; the output is complete"
            ) from error
