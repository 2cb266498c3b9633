"""What a job has done: a SQLite file in the output folder, from which it goes on."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from segmenter.archive.shard import Counts, Done, Shard
from segmenter.errors import SegmenterError
from segmenter.formats import Place, Source

NAME = "manifest.sqlite"
_FORMAT = 1
_TABLES = """
create table job (name text primary key, value text not null) without rowid;
create table inputs (
    number integer primary key, address text not null, format text not null, packing text not null,
    size integer, version text not null
);
create table shards (
    input integer not null references inputs, number integer not null,
    start_offset integer not null, start_inner integer not null, start_record integer not null,
    end_offset integer, end_inner integer, end_record integer,
    written integer not null, dropped text not null, quarantined integer not null,
    passed text not null, characters text not null, bytes integer not null, failures text not null,
    sha256 text not null,
    primary key (input, number)
) without rowid;
create table files (
    name text primary key, input integer not null, shard integer not null,
    bytes integer not null, sha256 text not null
) without rowid;
"""


class ManifestError(SegmenterError):
    """The output belongs to another job, or to a job that is at work."""


class LockedError(ManifestError):
    """A job is at work on the output."""


def _stored(address: str) -> str:
    """The address as SQLite takes it: bytes of a name that are no UTF-8 are written out."""
    return address.encode("utf-8", "backslashreplace").decode()


class Manifest:
    """The manifest of an output folder, made when there is none."""

    def __init__(self, path: Path) -> None:
        """Opens it for this process alone. Raises `ManifestError`."""
        self.path = path
        try:
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0.5)
            self._database.execute("pragma locking_mode = exclusive")
            self._database.execute("pragma synchronous = full")
            with _Transaction(self._database):
                version = self._database.execute("pragma user_version").fetchone()[0]
                if version == 0:
                    for statement in _TABLES.split(";"):
                        self._database.execute(statement)
                    self._database.execute(f"pragma user_version = {_FORMAT}")
                elif version != _FORMAT:
                    raise ManifestError(f"{path}: is of another version of segmenter")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise LockedError(f"{path}: another job is at work on this output") from error
            raise OSError(0, str(error), str(path)) from error
        except sqlite3.DatabaseError as error:
            raise ManifestError(
                f"{path}: is no manifest, or damaged: {error}; --overwrite begins anew"
            ) from error

    def begin(self, settings: dict[str, Any], inputs: Sequence[Source]) -> None:
        """Records a new job, or checks that it is the one that began here.

        Raises `ManifestError`, which names what has changed.
        """
        wanted = {name: json.dumps(value) for name, value in settings.items()}
        rows = [(i, _stored(s.address), s.format, s.packing, s.size, s.version)
                for i, s in enumerate(inputs)]  # fmt: skip
        with _Transaction(self._database):
            found = dict(self._database.execute("select name, value from job"))
            if not found:
                self._database.executemany("insert into job values (?, ?)", wanted.items())
                self._database.executemany("insert into inputs values (?, ?, ?, ?, ?, ?)", rows)
                return
        self._compare(found, wanted)
        known = self._database.execute("select * from inputs order by number").fetchall()
        for before, now in zip(known, rows, strict=False):
            if before[1:4] != now[1:4]:
                raise self._changed(f"input {now[0]} was {before[1]} and is {now[1]}")
            if before[4:] != now[4:]:
                raise self._changed(f"the input {now[1]} has changed since")
        if len(known) != len(rows):
            raise self._changed(f"there were {len(known)} inputs and are {len(rows)}")

    def _compare(self, found: dict[str, str], wanted: dict[str, str]) -> None:
        for name in sorted(found.keys() | wanted.keys()):
            if found.get(name) != wanted.get(name):
                raise self._changed(f"{name} was {found.get(name)} and is {wanted.get(name)}")

    def _changed(self, what: str) -> ManifestError:
        return ManifestError(
            f"{self.path.parent}: holds the output of another job: {what}; "
            "name another output, or begin anew with --overwrite"
        )

    def commit(self, done: Done) -> None:
        """Records a shard whose files are in their places. When this returns it is on the disk."""
        shard, counts = done.shard, done.counts
        end = (None,) * 3 if shard.end is None else _numbers(shard.end)
        row = (
            shard.input, shard.number, *_numbers(shard.start), *end,
            counts.written, json.dumps(counts.dropped), counts.quarantined,
            json.dumps(counts.passed), json.dumps(counts.characters), counts.bytes,
            json.dumps(counts.failures), done.digest,
        )  # fmt: skip
        with _Transaction(self._database):
            marks = ", ".join("?" * len(row))
            # A shard that is done again may have other files than before.
            self._database.execute(
                "delete from files where input = ? and shard = ?", (shard.input, shard.number)
            )
            self._database.execute(f"insert or replace into shards values ({marks})", row)
            self._database.executemany(
                "insert or replace into files values (?, ?, ?, ?, ?)",
                [(name, shard.input, shard.number, *rest) for name, *rest in done.files],
            )

    def shards(self) -> list[Shard]:
        """All shards that are done, in order."""
        rows = self._database.execute(
            "select input, number, start_offset, start_inner, start_record,"
            " end_offset, end_inner, end_record from shards order by input, number"
        )
        return [
            Shard(i, n, Place(*place[:3]), None if place[3] is None else Place(*place[3:]))
            for i, n, *place in rows
        ]

    def digest(self, shard: Shard) -> str:
        """The digest of the records of a shard that is done."""
        row = self._database.execute(
            "select sha256 from shards where input = ? and number = ?", (shard.input, shard.number)
        ).fetchone()
        return str(row[0])

    def files(self) -> Iterator[tuple[str, Shard, int]]:
        """All files of shards that are done, with their sizes."""
        shards = {(shard.input, shard.number): shard for shard in self.shards()}
        for name, i, n, size in self._database.execute(
            "select name, input, shard, bytes from files order by name"
        ).fetchall():
            yield name, shards[i, n], size

    def counts(self) -> Counts:
        """What became of all records so far."""
        total = Counts()
        for (
            written,
            dropped,
            quarantined,
            passed,
            characters,
            size,
            failures,
        ) in self._database.execute(
            "select written, dropped, quarantined, passed, characters, bytes, failures"
            " from shards order by input, number"
        ):
            total.add(
                Counts(
                    written,
                    Counter(json.loads(dropped)),
                    quarantined,
                    Counter(json.loads(passed)),
                    Counter(json.loads(characters)),
                    size,
                    json.loads(failures),
                )
            )
        return total

    def clear(self) -> None:
        """Forgets the job."""
        with _Transaction(self._database):
            for table in ("files", "shards", "inputs", "job"):
                self._database.execute(f"delete from {table}")

    def close(self) -> None:
        """Lets others at it."""
        self._database.close()


class _Transaction:
    """All or nothing; a full disk is an `OSError`, as it is with other files."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.execute("rollback" if kind else "commit")


def _numbers(place: Place) -> tuple[int, int, int]:
    return place.offset, place.inner, place.number
