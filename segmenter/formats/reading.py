"""Inputs to records, whatever their format: ``raw_records`` in order, ``parse`` anywhere.

A record that cannot be read is told of in its place, so that the others are not lost. The readers
of archives are imported where one is read: who cleans a page does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from segmenter.errors import InputError, SegmenterError
from segmenter.formats import pages
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
            from segmenter.formats import parquet

            yield from parquet.raw_records(handle, start, where, reading)
        elif source.format == "jsonl":
            from segmenter.formats import jsonl

            found = pieces(handle, source.packing, start, lambda data: True)
            yield from jsonl.raw_records(found, start, where, packed, limit)
        else:
            from segmenter.formats import warc

            def open_at(place: Place) -> Iterator[Piece]:
                handle.seek(0 if packed else place.offset)
                return pieces(handle, source.packing, place, warc.looks_like_warc)

            yield from warc.raw_records(open_at, start, where, packed, limit)


def parse(raw: RawRecord, kind: str, reading: Reading) -> Record | Passed:
    """The page in a sound record of an input of the format ``kind``. Raises `SegmenterError`."""
    if kind in PAGES:
        return pages.parse(raw, reading)
    if kind == "warc":
        from segmenter.formats import warc_record

        return warc_record.parse(raw, reading)
    from segmenter.formats import jsonl

    return jsonl.parse(raw, reading)


def left_alone(source: Source) -> str:
    """What to say of the files of a folder that are not read."""
    many = "1 file is" if source.left == 1 else f"{source.left} files are"
    return (
        f"{source.name}: {many} left alone, as no suffix tells the format; with --input-format "
        "html (or text) such files are read as pages"
    )


def read(
    argument: str, reading: Reading, tell: Callable[[str], None] | None = None
) -> Iterator[Record | InputError]:
    """The pages that an argument of the command line names; ``-`` is standard input.

    ``tell`` is given what is no error but should be known.
    """
    try:
        sources = sources_of(argument, reading)
    except (OSError, ValueError, SegmenterError) as error:
        yield _problem(argument, error)
        return
    for source in sources:
        if tell is not None and source.left:
            tell(left_alone(source))
        try:
            for raw in raw_records(source, reading):
                if raw.error:
                    yield InputError(f"{raw.where}: {raw.error}")
                elif not raw.passed:
                    yield from _parsed(raw, source.format, reading)
        except (OSError, ValueError, SegmenterError) as error:
            yield _problem(source.name, error)


def _problem(name: str, error: OSError | ValueError | SegmenterError) -> InputError:
    """What kept an input from being read."""
    if isinstance(error, SegmenterError):
        return InputError(str(error))
    if isinstance(error, OSError):
        return InputError(f"{error.filename or name}: cannot be read: {error.strerror or error}")
    return InputError(f"{name}: cannot be read: {error}")


def _parsed(raw: RawRecord, kind: str, reading: Reading) -> Iterator[Record | InputError]:
    try:
        found = parse(raw, kind, reading)
    except InputError as error:
        yield InputError(f"{raw.where}: {error}")
        return
    if isinstance(found, Record):
        yield found
