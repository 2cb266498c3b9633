from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from segmenter.errors import InputError
from segmenter.formats import Reading, Record, raw_records, read, sources_of
from tests.made_archives import packed, rows, warc_records

READING = Reading(max_bytes=3000)
WARC = warc_records(10)
LINES = [(json.dumps(row) + "\n").encode() for row in rows(30)]


def damaged(content: bytes, chosen: random.Random) -> bytes:
    """The content with bits flipped, bytes lost, added, doubled, or its end cut off."""
    data = bytearray(content)
    for _ in range(chosen.randint(1, 6)):
        at, length = chosen.randrange(len(data)), chosen.randint(1, 300)
        match chosen.randrange(5):
            case 0:
                data[at] ^= 1 << chosen.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = chosen.randbytes(length)
            case 3:
                data[at:at] = data[max(0, at - length) : at]
            case _ if at > len(data) // 2:
                del data[at:]
        data = data or bytearray(b"\0")
    return bytes(data)


@pytest.mark.parametrize("single", [False, True], ids=["many members", "one member"])
@pytest.mark.parametrize(
    "suffix", [".warc", ".warc.gz", ".warc.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst"]
)
def test_whatever_is_damaged_reading_ends_and_can_begin_at_any_record(
    tmp_path: Path, suffix: str, single: bool
) -> None:
    records = WARC if "warc" in suffix else LINES
    content = packed([b"".join(records)] if single else records, suffix)
    path = tmp_path / f"crawl{suffix}"
    for seed in range(15):
        path.write_bytes(damaged(content, random.Random(seed)))
        source = sources_of(str(path), READING)[0]
        whole = list(raw_records(source, READING))
        places = [(raw.place.offset, raw.place.inner) for raw in whole]
        assert places == sorted(set(places))
        for i in range(0, len(whole), 4):
            assert list(raw_records(source, READING, whole[i].place)) == whole[i:]
        assert all(isinstance(item, Record | InputError) for item in read(str(path), READING))
