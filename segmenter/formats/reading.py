"""Inputs to records, whatever their format: ``raw_records`` in order, ``parse`` anywhere.

A record that cannot be read is told of in its place, so that the others are not lost.
"""

from __future__ import annotations

from collections.abc import Iterator

from segmenter.errors import InputError, SegmenterError
from segmenter.formats import jsonl, pages, parquet, warc, warc_record
from segmenter.formats.record import BEGIN, Passed, Place, RawRecord, Reading, Record
from segmenter.formats.sources import PAGES, Source, opened, sources_of
from segmenter.formats.unpack import Piece, pieces


def raw_records(source: Source, reading: Reading, start: Place = BEGIN) -> Iterator[RawRecord]:
    """The records of an input from ``start`` on, which is the place of one of them.

    Raises `OSError`, and `SegmenterError` if the input as a whole cannot be read.
    """
    if source.format in PAGES:
        yield from pages.raw_records(source, start, reading.max_bytes)
        return
    packed, limit, where = bool(source.packing), reading.max_bytes, source.name
    with opened(source) as handle:
        if source.format == "parquet":
            yield from parquet.raw_records(handle, start, where, reading)
        elif source.format == "jsonl":
            found = pieces(handle, source.packing, start, lambda data: True)
            yield from jsonl.raw_records(found, start, where, packed, limit)
        else:

            def open_at(place: Place) -> Iterator[Piece]:
                handle.seek(0 if packed else place.offset)
                return pieces(handle, source.packing, place, warc.looks_like_warc)

            yield from warc.raw_records(open_at, start, where, packed, limit)


_PARSERS = {
    "text": pages.parse,
    "html": pages.parse,
    "jsonl": jsonl.parse,
    "parquet": jsonl.parse,
    "warc": warc_record.parse,
}


def parse(raw: RawRecord, kind: str, reading: Reading) -> Record | Passed:
    """The page in a sound record of an input of the format ``kind``. Raises `SegmenterError`."""
    return _PARSERS[kind](raw, reading)


def read(argument: str, reading: Reading) -> Iterator[Record | InputError]:
    """The pages that an argument of the command line names; ``-`` is standard input."""
    try:
        for source in sources_of(argument, reading):
            for raw in raw_records(source, reading):
                if raw.error:
                    yield InputError(f"{raw.where}: {raw.error}")
                elif not raw.passed:
                    yield from _parsed(raw, source.format, reading)
    except OSError as error:
        yield InputError(f"{argument}: cannot be read: {error.strerror or error}")
    except ValueError as error:
        yield InputError(f"{argument}: cannot be read: {error}")
    except SegmenterError as error:
        yield InputError(str(error))


def _parsed(raw: RawRecord, kind: str, reading: Reading) -> Iterator[Record | InputError]:
    try:
        found = parse(raw, kind, reading)
    except InputError as error:
        yield InputError(f"{raw.where}: {error}")
        return
    if isinstance(found, Record):
        yield found
