"""The batch job: archives in, cleaned archives out; goes on where it was interrupted."""

from segmenter.archive.job import archive
from segmenter.archive.settings import Settings
from segmenter.archive.summary import Summary

__all__ = ["Settings", "Summary", "archive"]
