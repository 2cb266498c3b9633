"""Readers and writers of archives: one record type, one module a format."""

from segmenter.formats.reading import left_alone, parse, raw_records, read
from segmenter.formats.record import BEGIN, Passed, Place, RawRecord, Reading, Record
from segmenter.formats.sources import FORMATS, Source, sources_of

__all__ = [
    "BEGIN",
    "FORMATS",
    "Passed",
    "Place",
    "RawRecord",
    "Reading",
    "Record",
    "Source",
    "left_alone",
    "parse",
    "raw_records",
    "read",
    "sources_of",
]
