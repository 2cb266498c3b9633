"""Rows of Parquet, by row group, through Arrow's own reader."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from segmenter.errors import InputError
from segmenter.formats.extras import load
from segmenter.formats.record import Place, RawRecord, Reading

_ROWS = 64
"""Rows decoded at once."""

_NAMED = 12
"""Columns that are named to someone who asked for another."""


def raw_records(
    handle: BinaryIO, start: Place, where: str, reading: Reading
) -> Iterator[RawRecord]:
    """The rows from ``start`` on; each row of a row group that is damaged is told of.

    Raises `InputError` if the file is no Parquet, or has no column of texts or of HTML;
    `MissingExtraError`; and `OSError` if nothing more comes of it, which says nothing of its rows.
    """
    parquet = load("pyarrow.parquet", "parquet", "Parquet")
    arrow = load("pyarrow", "parquet", "Parquet")
    problems = (arrow.ArrowException, OSError, ValueError)
    try:
        file = parquet.ParquetFile(handle, page_checksum_verification=True)
    except problems as error:
        if _is_cut_off(error):
            raise
        raise InputError(f"{where}: is no Parquet, or damaged: {_line(error)}") from error
    there = file.schema_arrow.names
    if reading.text_field not in there and "html" not in there:
        raise InputError(
            f'{where}: there is no column "{reading.text_field}" among {_some(there)}; '
            "name that of the text by --text-field"
        )
    names = (reading.text_field, reading.id_field, "html", "url", "date")
    columns = [name for name in dict.fromkeys(names) if name in there]
    number = start.number - start.inner
    for group in range(start.offset, file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        done = 0
        skipped = start.inner if group == start.offset else 0
        damage = ""
        try:
            for batch in file.iter_batches(_ROWS, row_groups=[group], columns=columns):
                for data in _rows(batch):
                    if done >= skipped:
                        yield _raw(data, Place(group, done, number + done), where, reading)
                    done += 1
        except problems as problem:
            if _is_cut_off(problem):
                raise
            damage = f"the row group is damaged: {_line(problem)}"
        for row in range(max(done, skipped), rows):
            place = Place(group, row, number + row)
            yield RawRecord(place, f"{where}, row {number + row + 1}", {}, damage)
        number += rows


def _rows(batch: Any) -> Iterator[dict[str, Any]]:
    for row in range(batch.num_rows):
        yield {
            name: column[row].as_py()
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }


def _raw(data: dict[str, Any], place: Place, where: str, reading: Reading) -> RawRecord:
    where = f"{where}, row {place.number + 1}"
    size = sum(map(sys.getsizeof, data.values()))
    if reading.max_bytes is not None and size > reading.max_bytes:
        error = f"the row takes {size} bytes, more than --max-page-bytes allows"
        return RawRecord(place, where, error=error, size=size)
    return RawRecord(place, where, data, size=size)


def _is_cut_off(error: Exception) -> bool:
    """Whether the file gives nothing more; of damage, Arrow makes an `OSError` without a number."""
    return isinstance(error, OSError) and error.errno is not None


def _some(names: list[str]) -> str:
    """The first of the names of columns."""
    return ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
