from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from segmenter import InputError, Segmenter
from tests import own_pages

Rows = list[dict[str, Any]]
COLUMNS = ("clean_text", "shares", "blocks")


def taken(rows: Rows) -> Rows:
    """The three columns of rows, with their order kept."""
    return [{name: row[name] for name in COLUMNS} for row in rows]


@pytest.mark.parametrize("kind", ["table", "batch", "chunks", "large", "view"])
def test_arrow(kind: str, texts: list[str | None], wanted: Rows) -> None:
    import pyarrow as pa

    from segmenter.integrations.columns import output_schema, segment_batch

    types = {"large": pa.large_string(), "view": pa.string_view()}
    column = pa.array(texts, types.get(kind, pa.string()))
    data: Any = pa.table({"id": range(len(texts)), "text": column})
    if kind == "batch":
        data = pa.record_batch({"id": range(len(texts)), "text": column})
    elif kind == "chunks":
        data = pa.concat_tables([data[:2], data[2:]])
    found = segment_batch(data)
    assert type(found) is type(data)
    assert found.schema == output_schema(data.schema)
    assert taken(found.to_pylist()) == wanted
    assert found.column("id").to_pylist() == list(range(len(texts)))
    assert segment_batch(data.slice(0, 0)).schema == found.schema


def test_wrong_columns_are_told(texts: list[str | None]) -> None:
    import pyarrow as pa

    from segmenter.integrations.columns import segment_batch

    with pytest.raises(InputError, match='no column "body" among text: name it by text_field'):
        segment_batch(pa.table({"text": texts}), text_field="body")
    with pytest.raises(InputError, match='"text" holds int64, not texts'):
        segment_batch(pa.table({"text": [1]}))
    with pytest.raises(InputError, match='"shares" already'):
        segment_batch(pa.table({"text": texts, "shares": texts}))


def test_own_labels_keep_and_least_confidence(own_model: Path) -> None:
    import pyarrow as pa

    from segmenter.integrations.columns import segment_batch

    table = pa.table({"body": [own_pages.UNSEEN]})
    found = segment_batch(table, model=own_model, text_field="body", keep=["memoir"]).to_pylist()[0]
    assert set(found["shares"]) == set(own_pages.LABELS)
    assert tuple(block["label"] for block in found["blocks"]) == own_pages.TRUE
    assert found["clean_text"].startswith("When I was a boy")
    sure = segment_batch(table, model=str(own_model), text_field="body", min_confidence=1.0)
    assert sure.to_pylist()[0]["clean_text"] == ""
    given = segment_batch(table, model=Segmenter.load(own_model), text_field="body")
    assert given.to_pylist()[0]["blocks"] == found["blocks"]


def test_datasets(texts: list[str | None], wanted: Rows) -> None:
    from datasets import Dataset
    from segmenter.integrations.columns import segment_batch

    dataset = Dataset.from_dict({"text": texts}).with_format("arrow")
    found = dataset.map(segment_batch, batched=True, batch_size=2).with_format(None)
    assert taken(found.to_list()) == wanted


def test_pandas(texts: list[str | None], wanted: Rows) -> None:
    import pandas as pd
    import pyarrow as pa

    from segmenter.integrations.columns import segment_batch

    frame = pd.DataFrame({"text": texts}, index=[f"page {i}" for i in range(len(texts))])
    found = segment_batch(pa.Table.from_pandas(frame)).to_pandas()
    assert list(found.index) == list(frame.index)
    for row, true in zip(found.to_dict("records"), wanted, strict=True):
        blocks = None if row["blocks"] is None else list(row["blocks"])
        assert (row["shares"], blocks) == (true["shares"], true["blocks"])
        assert row["clean_text"] == true["clean_text"] or pd.isna(row["clean_text"])


def test_polars(texts: list[str | None], wanted: Rows) -> None:
    import polars as pl

    from segmenter.integrations.columns import segment_batch

    frame = pl.DataFrame({"text": texts})
    assert taken(pl.from_arrow(segment_batch(frame.to_arrow())).to_dicts()) == wanted
    many = pl.concat([frame] * 3)
    newest = many.to_arrow(compat_level=pl.CompatLevel.newest())
    assert taken(pl.from_arrow(segment_batch(newest)).to_dicts()) == wanted * 3


def test_dask(texts: list[str | None], wanted: Rows) -> None:
    import dask.dataframe as dd
    import pandas as pd
    import pyarrow as pa

    from segmenter.integrations.columns import segment_batch

    def segment_frame(frame: pd.DataFrame) -> pd.DataFrame:
        return segment_batch(pa.Table.from_pandas(frame)).to_pandas()

    frame = dd.from_pandas(pd.DataFrame({"text": [t for t in texts if t is not None]}), 2)
    meta = segment_frame(frame.head(0, npartitions=1))
    found = frame.map_partitions(segment_frame, meta=meta).compute(scheduler="threads")
    true = [row["clean_text"] for row in wanted if row["clean_text"] is not None]
    assert found["clean_text"].tolist() == true
    assert list(found.columns) == ["text", *COLUMNS]


@pytest.fixture(scope="module")
def ray_running() -> Iterator[None]:
    import ray

    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False,
        object_store_memory=128 << 20,
    )  # fmt: skip
    yield
    ray.shutdown()


# Ray opens sockets and files that it leaves to the end of the process.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("ray_running")
def test_ray(texts: list[str | None], wanted: Rows) -> None:
    import pyarrow as pa
    import ray

    from segmenter.integrations.columns import segment_batch

    table = pa.table({"id": range(len(texts)), "text": pa.array(texts)})
    found = ray.data.from_arrow(table).map_batches(segment_batch, batch_format="pyarrow")
    rows = sorted(found.take_all(), key=lambda row: row["id"])
    assert taken(rows) == wanted


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not on this machine")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    yield session
    session.stop()


# Of Spark's own calls.
@pytest.mark.filterwarnings("ignore")
def test_spark(spark: Any, own_model: Path) -> None:
    import pyarrow as pa
    from pyspark.sql.pandas.types import from_arrow_schema

    from segmenter.integrations.columns import output_schema, segment_batch

    frame = spark.createDataFrame(
        [(0, own_pages.UNSEEN), (1, None), (2, "Pin it!")], "id int, text string"
    )
    segment = partial(segment_batch, model=str(own_model))
    schema = pa.schema([("id", pa.int32()), ("text", pa.string())])
    schema = from_arrow_schema(output_schema(schema, own_model))
    rows = frame.mapInArrow(lambda batches: map(segment, batches), schema).orderBy("id").collect()
    page = Segmenter.load(own_model).segment(own_pages.UNSEEN)
    assert rows[0].clean_text == page.clean()
    assert [block.label for block in rows[0].blocks] == list(own_pages.TRUE)
    assert rows[0].shares.recipe == pytest.approx(page.shares()["recipe"])
    assert (rows[1].text, rows[1].clean_text, rows[1].blocks) == (None, None, None)
    assert rows[2].shares.furniture == 1
