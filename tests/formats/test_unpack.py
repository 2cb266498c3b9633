from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from segmenter.errors import InputError
from segmenter.formats import Place, Reading, Record, raw_records, read, sources_of
from segmenter.formats.unpack import pieces
from tests.made_archives import packed, rows, write

READING = Reading(max_bytes=50_000)


def unpacked(content: bytes, packing: str, start: Place = Place()) -> tuple[bytes, list[str]]:  # noqa: B008
    found = list(pieces(io.BytesIO(content), packing, start, lambda data: True))
    return b"".join(p.data for p in found), [p.damage for p in found if p.damage]


def pack(content: bytes, packing: str) -> bytes:
    return gzip.compress(content) if packing == "gzip" else zstandard.compress(content)


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@given(parts=st.lists(st.binary(max_size=2000), max_size=5), zeros=st.integers(0, 600_000))
def test_members_in_a_row_are_one_content(packing: str, parts: list[bytes], zeros: int) -> None:
    parts = [*parts, bytes(zeros), b"end"]
    content = b"".join(pack(part, packing) for part in parts)
    assert unpacked(content, packing) == (b"".join(parts), [])


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_unpacking_can_begin_within_a_member(packing: str) -> None:
    first, second = random.Random(0).randbytes(700_000), b"second"
    content = pack(first, packing) + pack(second, packing)
    for inner in (0, 1, 262_144, 699_999, 700_000):
        start = Place(0, inner)
        assert unpacked(content, packing, start) == (first[inner:] + second, [])
    assert unpacked(content, packing, Place(len(pack(first, packing)))) == (second, [])


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_bomb_comes_in_small_pieces(packing: str) -> None:
    bomb = pack(bytes(200_000_000), packing)
    sizes = [len(p.data) for p in pieces(io.BytesIO(bomb), packing, Place(), lambda data: True)]
    assert sum(sizes) == 200_000_000
    assert max(sizes) <= 64 << 20


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_lines_before_a_cut_are_kept(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, 3000)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = list(read(str(path), READING))
    ids = [page.id for page in found if isinstance(page, Record)]
    assert len(ids) > 500
    assert ids == [f"page {n}" for n in range(len(ids))]
    (error,) = (str(item) for item in found if isinstance(item, InputError))
    assert "cut off" in error


def test_lines_behind_damage_are_found_again(tmp_path: Path) -> None:
    lines = [json.dumps(row).encode() + b"\n" for row in rows(300)]
    members = [packed([b"".join(lines[i : i + 100])], ".gz") for i in (0, 100, 200)]
    damaged = bytearray(members[1])
    damaged[len(damaged) // 2] ^= 0xFF
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(members[0] + bytes(damaged) + members[2])
    found = list(read(str(path), READING))
    ids = {page.id for page in found if isinstance(page, Record)}
    assert {f"page {n}" for n in (*range(100), *range(200, 300))} <= ids
    assert any(isinstance(item, InputError) for item in found)


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet", "folder", "a.warc.zst"]
)
def test_reading_can_begin_at_any_record(tmp_path: Path, name: str) -> None:
    source = sources_of(str(write(tmp_path / name, 40)), READING)[0]
    whole = list(raw_records(source, READING))
    assert len([raw for raw in whole if not raw.passed]) == 40
    for i in range(0, len(whole), 7):
        assert list(raw_records(source, READING, whole[i].place)) == whole[i:]


def test_reading_can_begin_at_the_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.gz", 3000)
    path.write_bytes(path.read_bytes()[:-9])
    source = sources_of(str(path), READING)[0]
    whole = list(raw_records(source, READING))
    assert whole[-1].error
    assert list(raw_records(source, READING, whole[-1].place)) == whole[-1:]


def test_a_line_that_is_too_long_is_told_of_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps({"id": "a", "text": "The river rose."})
    long = json.dumps({"id": "b", "text": "x" * 3_000_000})
    path.write_text(f"{good}\n{long}\n{good}\n{long}", encoding="utf-8")
    found = list(read(str(path), READING))
    assert [page.id for page in found if isinstance(page, Record)] == ["a", "a"]
    assert [str(e).partition(": ")[2] for e in found if isinstance(e, InputError)] == [
        f"the line takes {len(long) + end} bytes, more than --max-page-bytes allows"
        for end in (1, 0)
    ]


def test_damaged_parquet_is_one_clear_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", 90)
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    (error,) = read(str(path), READING)
    assert str(error).startswith(f"{path}: is no Parquet, or damaged: ")
    damaged = bytearray(whole)
    damaged[200:400] = bytes(200)
    path.write_bytes(damaged)
    found = list(read(str(path), READING))
    assert len(found) == 90
    lost = [item for item in found if isinstance(item, InputError)]
    assert 0 < len(lost) <= 10
    assert "row group is damaged" in str(lost[0])


def test_parquet_without_a_column_of_texts_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a", "b"], "body": ["One.", "Two."]}), path)
    (error,) = read(str(path), READING)
    assert str(error) == (
        f'{path}: there is no column "text" among id, body; name that of the text by --text-field'
    )
    assert all(isinstance(found, Record) for found in read(str(path), Reading(text_field="body")))
    columns = {f"c{n}": ["One."] for n in range(15)}
    pq.write_table(pa.table(columns), path)
    (error,) = read(str(path), READING)
    assert "among c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and others;" in str(error)


def test_formats_are_told_by_content(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.jsonl.gz", "a.parquet", "a.warc", "a.warc.gz", "a.warc.zst"):
        path = write(tmp_path / name, 3).rename(tmp_path / f"no suffix {name.replace('.', ' ')}")
        pages = list(read(str(path), READING))
        assert len(pages) == 3
        assert all(isinstance(page, Record) for page in pages)


def test_a_folder_gives_its_pages_and_its_archives(tmp_path: Path) -> None:
    write(tmp_path / "pages", 5)
    write(tmp_path / "pages" / "a.warc.gz", 2)
    (tmp_path / "pages" / "picture.png").write_bytes(b"\x89PNG")
    sources = sources_of(str(tmp_path / "pages"), READING)
    assert [(source.format, len(source.files)) for source in sources] == [("text", 5), ("warc", 0)]
    assert len(list(read(str(tmp_path / "pages"), READING))) == 7
    assert len(list(read(str(tmp_path / "pages" / "**" / "*.html"), READING))) == 3


def test_what_was_read_of_other_memory_systems(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("a.jsonl.gz", "a.warc.gz", "a.parquet"):
        memory.pipe_file(f"/reading/{name}", write(tmp_path / name, 4).read_bytes())
        assert len(list(read(f"memory://reading/{name}", READING))) == 4
    assert len(list(read("memory://reading", READING))) == 12
    assert len(list(read("memory://reading/*.gz", READING))) == 8
    assert "No such file" in str(next(read("memory://reading/none", READING)))
