"""Files of which each is a page: texts and HTML, alone or in folders."""

from __future__ import annotations

import re
from collections.abc import Iterator

from segmenter.errors import InputError, SegmenterError
from segmenter.formats.record import Place, RawRecord, Reading, Record
from segmenter.formats.sources import (
    STANDARD_INPUT,
    Source,
    format_by_suffix,
    is_html,
    opened,
)
from segmenter.formats.text import decode
from segmenter.formats.unpack import bare, packing_of, pieces

_JSON = re.compile(r'\s*(?:\{\s*"|\[\s*\{)')
_TABLES = (".csv", ".tsv")


def raw_records(source: Source, start: Place, limit: int | None) -> Iterator[RawRecord]:
    """The content of each file, from the one at ``start`` on; of standard input, if it has any."""
    for index in range(start.offset, len(source.files)):
        name = source.files[index]
        address = source.address_of(name)
        one = Source(address, source.format, packing_of(name))
        yield _content(one, Place(index, 0, index), name, limit)
    if not source.files and start.offset == 0:
        found = _content(source, Place(), "", limit)
        if source.address != STANDARD_INPUT or found.error or found.size:
            yield found


def _content(source: Source, place: Place, path: str, limit: int | None) -> RawRecord:
    content = bytearray()
    error = ""
    try:
        with opened(source) as handle:
            for piece in pieces(handle, source.packing, Place(), lambda data: False):
                content += piece.data
                if piece.damage:
                    error = piece.damage
                    break
                if limit is not None and len(content) > limit:
                    error = "the file is larger than --max-page-bytes allows"
                    break
    except OSError as problem:
        error = f"cannot be read: {problem.strerror or problem}"
    except SegmenterError as problem:
        error = str(problem)
    if error:
        return RawRecord(place, source.name, bytes(content[:limit]), error, path=path)
    return RawRecord(place, source.name, bytes(content), path=path, size=len(content))


def parse(raw: RawRecord, reading: Reading) -> Record:
    """The page that a file is. Raises `InputError`."""
    if not isinstance(raw.data, bytes):
        raise InputError("is no file")
    kind = reading.format or format_by_suffix(raw.path or raw.where)
    name = raw.path or raw.where
    if kind == "html" or (kind is None and is_html(raw.data)):
        return Record(name, "", raw.where, html=raw.data)
    if kind is None and bare(name).lower().endswith(_TABLES):
        raise InputError("is a table: give its texts as JSON Lines or Parquet")
    text, note = decode(raw.data)
    looks_like_json = _JSON.match(text) is not None
    if kind is None and (looks_like_json or bare(name).lower().endswith(".json")):
        raise InputError("is no JSON Lines: give a record a line (jq -c '.[]')")
    if reading.format is None and is_html(raw.data):
        note = "is named as a text, but begins as HTML does: --input-format html reads it so"
    elif reading.format is None and looks_like_json:
        note = "is named as a text, but begins as JSON does: --input-format jsonl reads it so"
    return Record(name, text, raw.where, note)
