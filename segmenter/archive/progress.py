"""How far a job is: a bar on a terminal, a line now and then elsewhere, nothing if so wished.

The bar is click's own, which the command line needs anyway: another library would add nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Any

import click

from segmenter.archive.shard import Counts
from segmenter.archive.summary import shares
from segmenter.formats import RawRecord, Source
from segmenter.formats.cleaned import Cleaned, Failed, Outcome
from segmenter.formats.record import Passed
from segmenter.formats.sources import PAGES

EVERY = 30.0
"""Seconds between two lines."""

_SHORT = 0.2


class Progress:
    """Counts what it sees; says nothing."""

    def __init__(self) -> None:
        """At the beginning, with nothing seen."""
        self.seen = Counts()
        self.begun = monotonic()
        self._sources: Sequence[Source] = ()
        self._total: int | None = None
        self._at = 0  # bytes of inputs, as they are stored

    def begin(self, sources: Sequence[Source], done: int) -> None:
        """Told of all inputs, and of how many bytes of them are done already."""
        sizes = [source.size for source in sources]
        self._sources, self._at = sources, done
        self._total = None if None in sizes else sum(size or 0 for size in sizes)

    def see(self, index: int, raw: RawRecord, outcome: Outcome) -> None:
        """Told of each record, and of what became of it."""
        counts = self.seen
        counts.bytes += raw.size
        if isinstance(outcome, Passed):
            counts.passed[outcome.kind] += 1
        elif isinstance(outcome, Failed):
            counts.quarantined += 1
        elif isinstance(outcome, Cleaned):
            counts.characters.update(outcome.characters)
            if outcome.dropped:
                counts.dropped[outcome.dropped] += 1
            else:
                counts.written += 1
        self._at += self._stored(self._sources[index], raw)
        self._show()

    def add(self, counts: Counts, share: float) -> None:
        """Told of many records at once, which are this share of the inputs."""
        self.seen.add(counts)
        self._at += int(share * (self._total or 0))
        self._show()

    def add_share(self, share: float) -> None:
        """Told of a share of the inputs that is done already."""
        self._at = int(share * (self._total or 0))

    def finish(self, source: Source, index: int) -> None:
        """Told that all of an input is done."""
        if source.size is not None:
            self._at = sum(found.size or 0 for found in self._sources[: index + 1])
        self._last_offset = 0
        self._show()

    def end(self) -> None:
        """Told that there is nothing more to come."""

    _last_offset = 0

    def _stored(self, source: Source, raw: RawRecord) -> int:
        """The bytes of the input up to this record, since the one before."""
        if source.format in PAGES:
            return raw.size
        if source.format == "parquet":
            return 0
        step = raw.place.offset - self._last_offset
        self._last_offset = raw.place.offset
        return max(0, step)

    def _show(self) -> None:
        pass

    def _figures(self) -> str:
        counts, seconds = self.seen, monotonic() - self.begun
        found = [
            f"{counts.pages / seconds:.0f} pages/s" if seconds else "",
            f"{counts.bytes / seconds / 1e6:.1f} MB/s" if seconds else "",
            " ".join(f"{name} {share:.0%}" for name, share in shares(counts).items()),
        ]
        if counts.quarantined:
            found.append(f"{counts.quarantined} failed")
        return ", ".join(filter(None, found))


class Lines(Progress):
    """A plain line now and then, for logs."""

    _shown = 0.0

    def _show(self) -> None:
        now = monotonic()
        if now - max(self._shown, self.begun) < EVERY:
            return
        self._shown = now
        part = f"{self._at / self._total:.0%}, " if self._total else ""
        click.echo(f"segmenter: {part}{self.seen.pages} pages, {self._figures()}", err=True)


class Bar(Progress):
    """A bar with the time left, for terminals."""

    def begin(self, sources: Sequence[Source], done: int) -> None:
        """Shows the bar."""
        super().begin(sources, done)
        self._stack = ExitStack()
        self._shown, self._drawn = 0.0, 0
        bar = click.progressbar(
            length=self._total or 1,
            file=sys.stderr,
            show_eta=self._total is not None,
            item_show_func=lambda item: item,
            width=20,
        )
        self._bar: Any = self._stack.enter_context(bar)

    def end(self) -> None:
        """Leaves the bar as it is."""
        self._draw()
        self._stack.close()

    def _show(self) -> None:
        if monotonic() - self._shown >= _SHORT:
            self._draw()

    def _draw(self) -> None:
        self._shown = monotonic()
        self._bar.update(max(0, self._at - self._drawn) if self._total else 0, self._figures())
        self._drawn = max(self._drawn, self._at)


def progress(quiet: bool) -> Progress:
    """What suits standard error."""
    if quiet:
        return Progress()
    return Bar() if sys.stderr.isatty() else Lines()
