"""The shards of a job on a Ray cluster, by Ray Data.

The inputs are cut into shards first, side by side; then each shard is done by the same function as
on one machine, and recorded when its files are in their places. What a lost machine was at is done
again elsewhere, and gives the same files under the same names. Inputs and output must be where all
machines reach them.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from segmenter.archive import labelling
from segmenter.archive.pool import Pool
from segmenter.archive.settings import Settings
from segmenter.archive.shard import Records, Shard, failed, run_shard, size_of
from segmenter.archive.store import Store
from segmenter.errors import InputError, SegmenterError
from segmenter.formats import BEGIN, Source
from segmenter.formats.extras import load
from segmenter.formats.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from segmenter.archive.job import Job


def run(job: Job, jobs: int, address: str | None) -> None:
    """Does what is to be done, ``jobs`` shards at a time, on the cluster at ``address``.

    Without an address a cluster is started on this machine and stopped again. Raises
    `SegmenterError` for what stops the job.
    """
    ray = load("ray", "ray", "--engine ray")
    data = load("ray.data", "ray", "--engine ray")
    for source in job.sources:
        if source.address == STANDARD_INPUT or source.address.startswith("memory://"):
            raise InputError(f"{source.name}: no other process can read it; use the local engine")
    with _cluster(ray, data, jobs, address):
        context = _Context(job.sources, job.settings, job.labels, job.store.address, os.getcwd())
        planned = _each(data, list(range(len(job.sources))), _Planner, context, jobs)
        shards = sorted(
            (shard for found in planned for shard in found),
            key=lambda shard: (shard.input, shard.number),
        )
        wanted = [shard for shard in shards if (shard.input, shard.number) not in job.done]
        job.progress.add_share(1 - len(wanted) / max(1, len(shards)))
        for done in _each(data, wanted, _Doer, context, jobs):
            job.commit(done)
            job.progress.add(done.counts, 1 / len(shards))


@contextmanager
def _cluster(ray: Any, data: Any, jobs: int, address: str | None) -> Iterator[None]:
    started = not ray.is_initialized()
    if started:
        if address:
            _reach(address)
        size = {} if address else {"num_cpus": jobs, "include_dashboard": False}
        try:
            ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **size)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise SegmenterError(f"{address}: no Ray cluster is to be reached: {error}") from error
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # the job has a progress of its own
    try:
        yield
    finally:
        if started:
            ray.shutdown()


PATIENCE = 10.0
"""Seconds within which a cluster has to take a connection."""


def _reach(address: str) -> None:
    """Raises `SegmenterError` if nobody listens at ``address``, which Ray finds out in minutes.

    Addresses without host and port, such as ``auto``, are left to Ray.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()
    except (OSError, OverflowError, ValueError) as error:  # no such host can be, or port
        raise SegmenterError(f"{address}: no Ray cluster is to be reached: {error}") from error


@dataclass(frozen=True, slots=True)
class _Context:
    """What a worker needs to know of the job."""

    sources: Sequence[Source]
    settings: Settings
    labels: list[str]
    output: str
    folder: str

    def enter(self) -> None:
        """Goes where relative paths lead to the same files as in the job, if that is here."""
        with suppress(OSError):
            os.chdir(self.folder)


def _each(data: Any, items: Sequence[Any], worker: type, context: _Context, jobs: int) -> Any:
    """What ``worker`` makes of each item, as it comes; raises what it raised."""
    if not items:
        return
    rows = data.from_items(
        [{"item": pickle.dumps(item)} for item in items], override_num_blocks=len(items)
    )
    workers = data.ActorPoolStrategy(size=min(jobs, len(items)))
    made = rows.map(worker, fn_constructor_args=(context,), compute=workers, num_cpus=1)
    for row in made.iter_rows():
        # What the job's own workers have packed; nothing else is unpacked here.
        found = pickle.loads(row["found"])
        if isinstance(found, SegmenterError | OSError):
            raise found
        yield found


class _Worker(ABC):
    """Does items on a machine of the cluster; what goes wrong is told to the job."""

    def __init__(self, context: _Context) -> None:
        self._context = context
        context.enter()

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        try:
            found = self._do(pickle.loads(row["item"]))
        except (SegmenterError, OSError) as error:
            found = error
        return {"found": pickle.dumps(found)}

    @abstractmethod
    def _do(self, item: Any) -> Any:
        """What the item gives."""


class _Planner(_Worker):
    """Cuts an input into shards."""

    def _do(self, item: int) -> list[Shard]:
        records = Records(self._context.sources[item], self._context.settings)
        place = BEGIN
        shards: list[Shard] = []
        while True:
            for _ in records.shard():
                pass
            end = records.peek()
            shards.append(Shard(item, len(shards), place, end))
            if end is None:
                return shards
            place = end


class _Doer(_Worker):
    """Does shards, with one process that labels and may be lost."""

    def __init__(self, context: _Context) -> None:
        super().__init__(context)
        settings = context.settings
        start = partial(labelling.start, settings)
        self._pool = Pool(1, start, size_of, failed, settings.page_timeout)

    def _do(self, item: Shard) -> Any:
        context = self._context
        source = context.sources[item.input]
        records = Records(source, context.settings, item.start)
        store = Store(context.output, part=uuid4().hex)
        try:
            return run_shard(
                self._pool, store, source, item, context.settings, context.labels, records
            )
        finally:
            store.close()
