"""The job: which shards are to be done, and doing them one by one on this machine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from time import monotonic

from segmenter import Segmenter
from segmenter.archive import labelling, ray_engine
from segmenter.archive.manifest import NAME, LockedError, Manifest, ManifestError
from segmenter.archive.pool import Pool, Work
from segmenter.archive.progress import Progress
from segmenter.archive.settings import Settings, SettingsError
from segmenter.archive.shard import (
    Done,
    Records,
    Shard,
    digest_of,
    failed,
    run_shard,
    size_of,
    text_name,
)
from segmenter.archive.store import Store
from segmenter.archive.summary import Summary
from segmenter.errors import InputError, SegmenterError, told
from segmenter.formats import BEGIN, Place, RawRecord, Source, left_alone, sources_of
from segmenter.formats.addresses import is_folder, is_remote
from segmenter.formats.cleaned import Outcome
from segmenter.formats.extras import load
from segmenter.formats.sources import STANDARD_INPUT

FOLDERS = ("pages", "dropped", "quarantine", "labels")
"""The folders of an output; whatever lies in them is the job's."""

Start = Callable[[], Work[labelling.Item, Outcome]]
Labellers = Pool[labelling.Item, Outcome]


@dataclass(frozen=True, slots=True)
class Job:
    """What an engine works on: ``done`` are the shards that need no doing, by input and number."""

    sources: Sequence[Source]
    settings: Settings
    labels: list[str]
    store: Store
    manifest: Manifest
    progress: Progress
    done: dict[tuple[int, int], Shard]

    def commit(self, done: Done) -> None:
        """Records a shard whose files are in their places."""
        self.manifest.commit(done)
        self.store.send(self.manifest.path, NAME)


def archive(
    inputs: Sequence[str],
    output: str,
    settings: Settings,
    jobs: int = 1,
    overwrite: bool = False,
    engine: str = "local",
    ray_address: str | None = None,
    progress: Progress | None = None,
    start: Start | None = None,
) -> Summary:
    """Cleans ``inputs`` into the folder ``output``, or goes on where that was interrupted.

    ``jobs`` processes label the pages; ``start``, called in each, makes the function that does, and
    is the model of the settings unless given. Returns the figures of the whole output. Raises
    `InputError` for inputs that are not there, `ManifestError` for an output of another job, other
    `SegmenterError` for what keeps it from beginning, and that or `OSError` for what stops it: the
    same call goes on from there.
    """
    segmenter = Segmenter.load(settings.model)
    labels = list(map(str, segmenter.model.labels))
    with _not_begun():
        sources = [source for name in inputs for source in sources_of(name, settings.reading)]
        _check(sources, settings, labels, output)
        _check_apart(inputs, sources, output, settings.to)
        store = Store(output)
    seen = progress or Progress()
    begun = monotonic()
    try:
        with ExitStack() as stack:
            with _not_begun():
                manifest = stack.enter_context(_manifest(store, overwrite))
                recorded = settings.recorded()
                manifest.begin(recorded, sources)
                done = _done(manifest, store)
            job = Job(sources, settings, labels, store, manifest, seen, done)
            seen.begin(sources, _bytes_done(job))
            if engine == "ray":
                ray_engine.run(job, jobs, ray_address)
            else:
                run(job, jobs, start or partial(labelling.start, settings))
            seen.end()
            store.send(manifest.path, NAME)
            return Summary(
                manifest.counts(),
                tuple(source.name for source in sources),
                output,
                recorded["model"],
                monotonic() - begun,
                seen.seen.pages,
                seen.seen.bytes,
                tuple(left_alone(source) for source in sources if source.left),
            )
    finally:
        store.close()


@contextmanager
def _not_begun() -> Iterator[None]:
    """Tells an `OSError` that comes before the first page from one that the job goes on after."""
    try:
        yield
    except OSError as error:
        raise SegmenterError(told(error)) from error


def run(job: Job, jobs: int, start: Start) -> None:
    """Does what is to be done, shard by shard, with ``jobs`` processes that label."""
    with Pool(jobs, start, size_of, failed, job.settings.page_timeout) as pool:
        for index, source in enumerate(job.sources):
            _run_source(job, pool, index, source)
            job.progress.finish(source, index)


def _run_source(job: Job, pool: Labellers, index: int, source: Source) -> None:
    records: Records | None = None
    place: Place | None = BEGIN
    number = 0
    while place is not None:
        done = job.done.get((index, number))
        if source.address == STANDARD_INPUT and records is None:
            records = Records(source, job.settings)
        if done is not None:
            if source.address == STANDARD_INPUT and records is not None:
                _check_again(job, records, done)
            else:
                records = None
            place = done.end
        else:
            records = records or Records(source, job.settings, place)
            shard = Shard(index, number, place)
            found = run_shard(
                pool,
                job.store,
                source,
                shard,
                job.settings,
                job.labels,
                records,
                partial(job.progress.see, index),
            )
            job.commit(found)
            place = found.shard.end
        number += 1


def _check_again(job: Job, records: Records, done: Shard) -> None:
    """Reads what standard input brings again, and checks that it is what it was."""
    if digest_of(records.shard(done.end)) != job.manifest.digest(done):
        raise ManifestError(
            f"{job.store.address}: holds the output of another job: standard input has changed; "
            "name another output, or begin anew with --overwrite"
        )


def _check(
    sources: Sequence[Source], settings: Settings, labels: Sequence[str], output: str
) -> None:
    """Finds what would stop the job before it begins. Raises `SegmenterError`."""
    if not sources:
        raise InputError("there is no input")
    for name in (*settings.keep, *(label for label, _ in settings.min_share)):
        if name not in labels:
            raise SettingsError(f"{name!r} is none of {', '.join(labels)}")
    if sum(source.address == STANDARD_INPUT for source in sources) > 1:
        raise InputError("standard input can be read only once")
    if settings.to.startswith("warc") or any(source.format == "warc" for source in sources):
        load("fastwarc.warc", "warc", "WARC")
    if settings.to == "parquet" or any(source.format == "parquet" for source in sources):
        load("pyarrow.parquet", "parquet", "Parquet")
    if settings.to.endswith("zst") or any(source.packing == "zstd" for source in sources):
        load("zstandard", "zstd", "zstd")
    for source in sources:
        if source.files and settings.to == "text":
            _check_names(source)


def _check_apart(
    inputs: Sequence[str], sources: Sequence[Source], output: str, target: str
) -> None:
    """Refuses an output that the job would read, and an input that it would write over."""
    files = ("", "/0.jsonl", "/00000/0.txt" if target == "text" else f"/0.{target}")
    written = ["", f"/{NAME}", *(f"/{folder}{file}" for folder in FOLDERS for file in files)]
    for name in inputs:
        if name != STANDARD_INPUT and is_folder(name) and _lies_in(output, name):
            raise InputError(f"{output}: lies in the input {name}; name an output outside of it")
        if any(_is_named(f"{output.rstrip('/')}{own}", name) for own in written):
            raise InputError(f"{output}: is what the pattern {name} names; name another output")
    for source in sources:
        if any(_lies_in(source.address, f"{output.rstrip('/')}/{own}") for own in FOLDERS):
            raise InputError(
                f"{source.address}: lies where the job writes; name another output than {output}"
            )


def _is_named(address: str, pattern: str) -> bool:
    """Whether ``pattern`` is one, with ``*``, ``?`` or ``[``, and names an address."""
    if not any(mark in pattern for mark in "*?["):
        return False
    if not is_remote(address) and not is_remote(pattern):
        address, pattern = os.path.abspath(address), os.path.abspath(pattern)
    return _parts_match(address.split("/"), pattern.split("/"))


def _parts_match(parts: list[str], patterns: list[str]) -> bool:
    if not parts or not patterns:
        return not parts and patterns in ([], ["**"])
    if patterns[0] == "**":
        return _parts_match(parts, patterns[1:]) or _parts_match(parts[1:], patterns)
    return fnmatchcase(parts[0], patterns[0]) and _parts_match(parts[1:], patterns[1:])


def _lies_in(address: str, folder: str) -> bool:
    """Whether an address is that of a folder, or within it."""
    if is_remote(address) or is_remote(folder):
        return f"{address.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")
    path = Path(address).resolve()
    return Path(folder).resolve() in (path, *path.parents)


def _check_names(source: Source) -> None:
    names: dict[str, str] = {}
    for number, file in enumerate(source.files):
        name = text_name(0, source, RawRecord(Place(number, 0, number), "", path=file))
        if name in names:
            raise InputError(
                f"{source.address}: {names[name]} and {file} would have one name as text; "
                "use --to jsonl"
            )
        names[name] = file
    for name, file in names.items():
        for above in PurePosixPath(name).parents:
            if str(above) in names:
                raise InputError(
                    f"{source.address}: {names[str(above)]} would be a file and a folder as text,"
                    f" for {file}; use --to jsonl"
                )


@contextmanager
def _manifest(store: Store, overwrite: bool) -> Iterator[Manifest]:
    """The manifest of the output: a new one, or that of the job to go on with."""
    names = store.files()
    if names and NAME not in names and not overwrite:
        raise InputError(
            f"{store.address}: is not empty; name another output, or write into it with --overwrite"
        )
    path = store.fetch(NAME)
    try:
        manifest = Manifest(path)
    except LockedError:
        raise
    except ManifestError:
        if not overwrite:
            raise
        path.unlink()
        manifest = Manifest(path)
    # Only now is it sure that no other job is at work here.
    store.claim(keep=path)
    if overwrite:
        manifest.clear()
    try:
        yield manifest
    except sqlite3.Error as error:
        raise SegmenterError(f"{manifest.path}: cannot be written: {error}") from error
    finally:
        manifest.close()


def _done(manifest: Manifest, store: Store) -> dict[tuple[int, int], Shard]:
    """The shards that are done and whose files are all there; what belongs to none is removed."""
    done = {(shard.input, shard.number): shard for shard in manifest.shards()}
    sizes = store.files()
    known = list(manifest.files())
    for name, shard, size in known:
        if sizes.get(name) != size:
            done.pop((shard.input, shard.number), None)
    kept = {name for name, shard, _ in known if (shard.input, shard.number) in done}
    for name in sizes.keys() - kept:
        if name.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
            store.remove(name)
    return done


def _bytes_done(job: Job) -> int:
    """The bytes of inputs that are done, as they are stored."""
    done = 0
    for index, source in enumerate(job.sources):
        ends = [shard.end for (i, _), shard in job.done.items() if i == index]
        if None in ends:
            done += source.size or 0
        elif source.format in ("warc", "jsonl"):
            done += max((end.offset for end in ends if end is not None), default=0)
    return done
