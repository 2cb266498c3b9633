"""The shards of a job on a Ray cluster."""

from __future__ import annotations

from segmenter.archive.job import Job


def run(job: Job, jobs: int, address: str | None) -> None:
    """Does what is to be done."""
    raise NotImplementedError
