"""Columns of pages: one function over Arrow record batches, for every library that speaks Arrow.

It serves `datasets.Dataset.map`, pandas, Polars, Ray Data, Spark and Dask. Needs the extra
``columns``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from segmenter.errors import InputError, MissingExtraError
from segmenter.integrations.loading import segmenter_of
from segmenter.page import Page
from segmenter.segmenter import Segmenter

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtraError(
        "columns of pages need the extra 'columns': pip install 'segmenter[columns]'"
    ) from error

CLEAN_TEXT, SHARES, BLOCKS = "clean_text", "shares", "blocks"
"""The columns that `segment_batch` adds."""


def segment_batch(
    batch: Any,
    *,
    model: Segmenter | Path | str | None = None,
    text_field: str = "text",
    keep: Collection[str] | None = None,
    min_confidence: float = 0.0,
) -> Any:
    """The record batch or table, with three columns more.

    ``clean_text`` is what `Page.clean` gives for ``keep`` and ``min_confidence``. ``shares`` has
    for each label of the model the share of the blocks' characters that carry it. ``blocks`` lists
    start, end, label and confidence of each block; offsets are in code points of the text. A text
    that is null has null in all three.

    ``model`` is a path for engines that send this function to workers. Raises `InputError` if there
    is no column of texts, or the new columns' names are taken; `ModelError` for a bad model file.
    """
    segmenter = segmenter_of(model)
    _check(batch.schema, text_field)
    fields = added_fields(segmenter)
    texts = batch.column(text_field).to_pylist()
    pages = segmenter.pipe(text for text in texts if text is not None)
    rows = list(_rows(texts, pages, segmenter.model.labels, keep, min_confidence))
    # A batch, too, is made of whole columns; its own are kept as they are.
    columns = [pa.array([row[i] for row in rows], field.type) for i, field in enumerate(fields)]
    schema = output_schema(batch.schema, segmenter)
    return type(batch).from_arrays([*batch.columns, *columns], schema=schema)


def output_schema(schema: Any, model: Segmenter | Path | str | None = None) -> Any:
    """The schema of what `segment_batch` gives for a batch with ``schema``."""
    for field in added_fields(model):
        schema = schema.append(field)
    return schema


def added_fields(model: Segmenter | Path | str | None = None) -> list[Any]:
    """The Arrow fields that `segment_batch` adds."""
    labels = segmenter_of(model).model.labels
    block = pa.struct(
        [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string()),
         ("confidence", pa.float64())]
    )  # fmt: skip
    return [
        pa.field(CLEAN_TEXT, pa.string()),
        pa.field(SHARES, pa.struct([(label, pa.float64()) for label in labels])),
        pa.field(BLOCKS, pa.list_(block)),
    ]


def _check(schema: Any, text_field: str) -> None:
    names = schema.names
    if text_field not in names:
        raise InputError(
            f'there is no column "{text_field}" among {", ".join(names)}: name it by text_field'
        )
    kind = schema.field(text_field).type
    views = getattr(pa.types, "is_string_view", lambda kind: False)
    if not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
        or views(kind)
    ):
        raise InputError(f'the column "{text_field}" holds {kind}, not texts')
    if taken := [name for name in (CLEAN_TEXT, SHARES, BLOCKS) if name in names]:
        raise InputError(f'there is a column "{taken[0]}" already: rename it')


def _rows(
    texts: list[str | None],
    pages: Iterator[Page],
    labels: tuple[str, ...],
    keep: Collection[str] | None,
    min_confidence: float,
) -> Iterator[tuple[Any, Any, Any]]:
    for text in texts:
        if text is None:
            yield None, None, None
            continue
        page = next(pages)
        shares = page.shares()
        blocks = [
            {
                "start": block.start,
                "end": block.end,
                "label": str(block.label),
                "confidence": block.confidence,
            }
            for block in page.blocks
        ]
        clean = page.clean(keep, min_confidence)
        yield clean, {label: shares.get(label, 0.0) for label in labels}, blocks
