"""Writers of cleaned pages, one for each format; each writes one file, the same bytes each time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from segmenter.formats.cleaned import Cleaned
from segmenter.formats.extras import load
from segmenter.formats.record import RawRecord
from segmenter.formats.text import without_surrogates
from segmenter.formats.warc_writer import WarcFile

TARGETS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet", "warc", "warc.gz", "text")
"""What pages can be written as; all but ``text`` are the suffixes of the files, too."""

_ROW_GROUP = 1 << 23
"""Characters of text and blocks after which a row group is full."""


class Writer(Protocol):
    """A file that is being written."""

    def write(self, page: Cleaned, raw: RawRecord) -> None:
        """Adds a page; ``raw`` is the record that it was read from."""

    def close(self) -> None:
        """Completes the file."""


def writer(
    path: Path, target: str, labels: Sequence[str], blocks: bool, reason: bool = False
) -> Writer:
    """A writer of the file at ``path``; ``reason``: of dropped pages. Not for ``text``."""
    if target == "parquet":
        return _ParquetFile(path, labels, blocks, reason)
    if target.startswith("warc"):
        return WarcFile(path, packed=target.endswith(".gz"), blocks=blocks)
    return JsonLines(path, target, blocks)


class JsonLines:
    """JSON Lines, plain or packed."""

    def __init__(self, path: Path, target: str, blocks: bool, text: bool = True) -> None:
        """A new file at ``path``. Raises `MissingExtraError` and `OSError`."""
        self._blocks, self._text = blocks, text
        self._stack = ExitStack()
        handle: Any = self._stack.enter_context(path.open("wb"))
        if target.endswith(".gz"):
            # Neither name nor time, so that the same pages give the same bytes.
            handle = self._stack.enter_context(gzip.GzipFile("", "wb", 6, handle, 0))
        elif target.endswith(".zst"):
            zstandard = load("zstandard", "zstd", "zstd")
            unfinished = zstandard.ZstdCompressor(level=6).stream_writer(handle, closefd=False)
            handle = self._stack.enter_context(unfinished)
        self._handle: BinaryIO = handle

    def write(self, page: Cleaned, raw: RawRecord) -> None:
        """Adds a line."""
        self.write_data(page.to_dict(text=self._text, blocks=self._blocks))

    def write_data(self, data: dict[str, Any]) -> None:
        """Adds a line of other data."""
        self._handle.write(json_line(data))

    def close(self) -> None:
        """Completes the file."""
        self._stack.close()


def json_line(data: Any) -> bytes:
    """A line of JSON in UTF-8; half a surrogate pair is escaped."""
    try:
        return (json.dumps(data, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(data) + "\n").encode()


class _ParquetFile:
    """Parquet with a nested column of blocks, packed with zstd."""

    def __init__(self, path: Path, labels: Sequence[str], blocks: bool, reason: bool) -> None:
        self._arrow = arrow = load("pyarrow", "parquet", "Parquet")
        parquet = load("pyarrow.parquet", "parquet", "Parquet")
        columns = [(name, arrow.string()) for name in ("id", "url", "date", "source")]
        columns += [("offset", arrow.int64()), ("inner", arrow.int64()), ("text", arrow.string())]
        columns.append(("shares", arrow.struct([(label, arrow.float32()) for label in labels])))
        if blocks:
            block = arrow.struct(
                [
                    ("start", arrow.int64()),
                    ("end", arrow.int64()),
                    ("label", arrow.string()),
                    ("confidence", arrow.float32()),
                    ("text", arrow.string()),
                ]
            )
            columns.append(("blocks", arrow.list_(block)))
        columns += [("metadata", arrow.string()), ("note", arrow.string())]
        columns += [("reason", arrow.string())] if reason else []
        columns.append(("model", arrow.string()))
        self._schema = arrow.schema(columns)
        self._blocks = blocks
        self._file = parquet.ParquetWriter(
            path, self._schema, compression="zstd", write_page_checksum=True
        )
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def write(self, page: Cleaned, raw: RawRecord) -> None:
        """Adds a row."""
        row = page.to_dict(blocks=self._blocks)
        if page.metadata:
            row["metadata"] = json.dumps(page.metadata, ensure_ascii=False)
        self._rows.append(_sound(row))
        self._size += len(page.text) + sum(len(block[4]) + 100 for block in page.blocks)
        if self._size >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Completes the file."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows, self._size = [], 0


def _sound(value: Any) -> Any:
    """The value with U+FFFD for half a surrogate pair, which Arrow cannot hold."""
    if isinstance(value, str):
        return value if value.isascii() else without_surrogates(value)
    if isinstance(value, dict):
        return {key: _sound(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_sound(inner) for inner in value]
    return value
