from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import GOOD, TEXT, errors, run


def test_a_link_that_leads_nowhere_costs_its_own_page_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "z.jsonl").write_text(GOOD + "\n")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    (tmp_path / "gone.jsonl").symlink_to("nowhere")
    result = run("clean", str(tmp_path), "--format", "jsonl", code=1)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a.txt", "a"]
    told = sorted(errors(result))
    assert [line.split(": cannot be read")[0] for line in told] == [
        f"segmenter: {tmp_path / name}" for name in ("gone.jsonl", "loop.txt")
    ]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([{"id": "a", "text": TEXT}]),
        json.dumps({"id": "a", "text": TEXT}, indent=1),
        GOOD[:-1] + "\n",
        f"{GOOD}\n".encode("utf-16"),
    ],
)
def test_what_is_nearly_json_lines_is_not_taken_for_a_text(content: str | bytes) -> None:
    result = run("clean", "-", "--format", "jsonl", stdin=content, code=1)
    assert not result.stdout
    (told,) = errors(result)
    assert told == "segmenter: standard input: is no JSON Lines: give a record a line (jq -c '.[]')"
    assert run("clean", "-", "--input-format", "text", stdin=content)


def test_json_that_is_named_as_a_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(GOOD)
    result = run("label", str(tmp_path / "page.txt"))
    assert "begins as JSON does: --input-format jsonl reads it so" in errors(result)[0]


def test_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pages.csv").write_text("id,text\na,Storm\n")
    result = run("label", str(tmp_path / "pages.csv"), code=1)
    assert errors(result)[0].endswith("is a table: give its texts as JSON Lines or Parquet")


def test_nothing_on_standard_input_is_no_page() -> None:
    for output in ("text", "jsonl"):
        result = run("clean", "-", "--format", output)
        assert (result.stdout, result.stderr) == ("", "")


def test_ids_that_are_no_texts_are_written_as_json() -> None:
    given = [{"$oid": "65a"}, True, 7, [1, "ä"], "2"]
    lines = "".join(json.dumps({"id": name, "text": TEXT}) + "\n" for name in given)
    found = [
        json.loads(line)["id"]
        for line in run("clean", "--format", "jsonl", stdin=lines).stdout.splitlines()
    ]
    assert [json.loads(name) for name in found[:-1]] == given[:-1]
    assert found[-1] == "2"


def test_an_id_of_any_depth_costs_its_own_page_alone() -> None:
    """Reading and writing JSON give up at depths that differ a little."""
    depths = range(900, 1100)
    ids = ['"a"', *("[" * n + "]" * n for n in depths), '"b"']
    lines = "".join(f'{{"id": {name}, "text": "Rain."}}\n' for name in ids)
    result = run("clean", "--format", "jsonl", stdin=lines, code=1)
    found = [json.loads(line)["id"] for line in result.stdout.splitlines()]
    assert (found[0], found[-1]) == ("a", "b")
    assert 2 < len(found) < len(ids)
