"""One shard: records in, files out. The same on every engine."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from segmenter.archive.labelling import Item
from segmenter.archive.pool import Pool
from segmenter.archive.settings import Settings
from segmenter.archive.store import Store, digest
from segmenter.errors import InputError
from segmenter.formats import BEGIN, Place, RawRecord, Source, raw_records
from segmenter.formats.cleaned import Cleaned, Failed, Outcome
from segmenter.formats.record import Passed
from segmenter.formats.sources import PAGES, STANDARD_INPUT
from segmenter.formats.text import without_surrogates
from segmenter.formats.writing import JsonLines, Writer, writer


@dataclass(frozen=True, slots=True)
class Shard:
    """A stretch of an input: its number in the input, and where it begins and ends.

    ``end`` is the place of the next shard's first record, ``None`` at the end of the input.
    """

    input: int
    number: int
    start: Place
    end: Place | None = None

    @property
    def name(self) -> str:
        """The stem of its files."""
        return f"{self.input:05d}-{self.number:05d}"


@dataclass(slots=True)
class Counts:
    """What became of records. ``bytes`` are of records, unpacked; ``failures`` the first few."""

    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """All records but those that hold no page by their nature."""
        return self.written + self.dropped.total() + self.quarantined

    def add(self, other: Counts) -> None:
        """Adds what another stretch brought."""
        self.written += other.written
        self.dropped.update(other.dropped)
        self.quarantined += other.quarantined
        self.passed.update(other.passed)
        self.characters.update(other.characters)
        self.bytes += other.bytes
        self.failures += other.failures[: MOST_NAMED - len(self.failures)]


MOST_NAMED = 20
"""Failures that are named one by one; all are in ``quarantine/``."""


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that is complete: its counts, the digest of its records, its files.

    ``files``: name, bytes and SHA-256 of each.
    """

    shard: Shard
    counts: Counts
    digest: str
    files: tuple[tuple[str, int, str], ...]


class Records:
    """The records of an input from a place on, cut into shards by their size.

    What a shard is depends on the input and ``shard_bytes`` alone, so that it is the same for a job
    that goes on and for one on several machines. An input that cannot be read at all is one record
    with the reason.
    """

    def __init__(self, source: Source, settings: Settings, start: Place = BEGIN) -> None:
        """Reading begins with the first record that is asked for."""
        self._records = _readable(source, settings, start)
        self._most = settings.shard_bytes
        self._next: RawRecord | None = None
        self._at_end = False

    def peek(self) -> Place | None:
        """The place of the next record; ``None`` at the end."""
        if self._next is None and not self._at_end:
            self._next = next(self._records, None)
            self._at_end = self._next is None
        return None if self._next is None else self._next.place

    def shard(self, end: Place | None = None) -> Iterator[RawRecord]:
        """The records of the next shard: up to ``end`` if that is given."""
        total = 0
        while (place := self.peek()) is not None and self._next is not None:
            if end is not None and place.number >= end.number:
                return
            record, self._next = self._next, None
            yield record
            total += record.size
            if end is None and total >= self._most:
                return


def _readable(source: Source, settings: Settings, start: Place) -> Iterator[RawRecord]:
    last = start
    try:
        for record in raw_records(source, settings.reading, start):
            last = record.place
            yield record
    except InputError as error:
        yield RawRecord(last, source.name, error=str(error).removeprefix(f"{source.name}: "))


def items_of(source: Source, records: Iterable[RawRecord]) -> Iterator[Item]:
    """The records as processes are sent them."""
    for record in records:
        yield source.name, source.format, record


def size_of(item: Item) -> int:
    """The bytes of a record that are held, for the queue."""
    raw = item[2]
    return len(raw.data) if raw.error else raw.size


def failed(item: Item, reason: str) -> Outcome:
    """What becomes of a record that a process was lost over."""
    return Failed(f"{reason}, twice")


class ShardFiles:
    """The files of a shard while they are being written."""

    def __init__(
        self, store: Store, source: Source, shard: Shard, settings: Settings, labels: list[str]
    ) -> None:
        """A file is begun when the first page is written to it."""
        self._store, self._source, self._shard = store, source, shard
        self._settings, self._labels = settings, labels
        self._writers: dict[str, Writer | JsonLines] = {}
        self._texts: dict[str, None] = {}
        self._digest = hashlib.sha256()
        self.counts = Counts()

    def add(self, raw: RawRecord, outcome: Outcome) -> None:
        """Writes what became of a record to where it belongs."""
        self._digest.update(_content(raw))
        counts = self.counts
        counts.bytes += raw.size
        if isinstance(outcome, Passed):
            counts.passed[outcome.kind] += 1
        elif isinstance(outcome, Failed):
            self._quarantine(raw, outcome)
        else:
            counts.characters.update(outcome.characters)
            if outcome.dropped:
                counts.dropped[outcome.dropped] += 1
                self._writer("dropped", self._settings.to).write(outcome, raw)
            else:
                counts.written += 1
                self._write(outcome, raw)

    def complete(self, end: Place | None) -> Done:
        """Closes the files and gives them their names."""
        for open_file in self._writers.values():
            open_file.close()
        names = sorted([*self._writers, *self._texts])
        files = tuple((name, *digest(self._store.staging / name)) for name in names)
        self._store.publish(names)
        shard = Shard(self._shard.input, self._shard.number, self._shard.start, end)
        return Done(shard, self.counts, self._digest.hexdigest(), files)

    def _write(self, page: Cleaned, raw: RawRecord) -> None:
        if self._settings.to != "text":
            self._writer("pages", self._settings.to).write(page, raw)
            return
        name = text_name(self._shard.input, self._source, raw)
        self._texts[name] = None
        self._store.begin(name).write_bytes(without_surrogates(page.text).encode())
        labels = self._writer("labels", "text")
        assert isinstance(labels, JsonLines)
        data = page.to_dict(text=False, blocks=self._settings.blocks)
        labels.write_data({"file": name, **data})

    def _quarantine(self, raw: RawRecord, outcome: Failed) -> None:
        counts = self.counts
        counts.quarantined += 1
        if len(counts.failures) < MOST_NAMED:
            counts.failures.append(f"{raw.where}: {outcome.reason}")
        data: dict[str, Any] = {
            "source": self._source.name,
            "file": raw.path,
            "offset": raw.place.offset,
            "inner": raw.place.inner,
            "record": raw.place.number,
            # Of a record whose end was not found, the length is not known.
            "bytes": None if raw.error and not raw.size else raw.size,
            "reason": outcome.reason,
        }
        if self._source.address == STANDARD_INPUT and raw.data and isinstance(raw.data, bytes):
            # Standard input cannot be read again, so what was held of it is kept here.
            data["content"] = b64encode(raw.data).decode()
        quarantine = self._writer("quarantine", "jsonl")
        assert isinstance(quarantine, JsonLines)
        quarantine.write_data(data)

    def _writer(self, folder: str, target: str) -> Writer | JsonLines:
        suffix = "jsonl" if target == "text" else target
        name = f"{folder}/{self._shard.name}.{suffix}"
        if name not in self._writers:
            path = self._store.begin(name)
            dropped = folder == "dropped"
            self._writers[name] = (
                JsonLines(path, suffix, blocks=True)
                if suffix == "jsonl"
                else writer(path, target, self._labels, self._settings.blocks or dropped, dropped)
            )
        return self._writers[name]


def run_shard(
    pool: Pool[Item, Outcome],
    store: Store,
    source: Source,
    shard: Shard,
    settings: Settings,
    labels: list[str],
    records: Records,
    seen: Callable[[RawRecord, Outcome], None] | None = None,
) -> Done:
    """Does a shard, whose records come next in ``records``; ``seen`` is told of each."""
    files = ShardFiles(store, source, shard, settings, labels)
    for (_, _, raw), outcome in pool.map(items_of(source, records.shard(shard.end))):
        files.add(raw, outcome)
        if seen is not None:
            seen(raw, outcome)
    return files.complete(shard.end or records.peek())


def text_name(number: int, source: Source, raw: RawRecord) -> str:
    """The text file of a page: of a folder, the same path as the page's; else by its number."""
    path = raw.path
    if not path and source.format in PAGES and source.address != STANDARD_INPUT:
        path = PurePosixPath(source.address).name
    parts = [part.encode("utf-8", "replace") for part in path.split("/")]
    # An address may hold what no path here may: it must not lead out of the folder.
    if b"/".join(parts) != os.fsencode(path) or any(
        part in (b"", b".", b"..") or len(part) > 200 for part in parts
    ):
        path = f"{raw.place.number:08d}"
    return f"pages/{number:05d}/{path if path.endswith('.txt') else path + '.txt'}"


def digest_of(records: Iterable[RawRecord]) -> str:
    """SHA-256 of the content of records."""
    found = hashlib.sha256()
    for raw in records:
        found.update(_content(raw))
    return found.hexdigest()


def _content(raw: RawRecord) -> bytes:
    if isinstance(raw.data, bytes):
        return raw.data + f"{raw.error}{raw.passed}".encode()
    return json.dumps(raw.data, default=str, sort_keys=True).encode()
