"""The commands ``export`` and ``import``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from segmenter import Segmenter
from segmenter.cli import main
from segmenter.exchange import doccano
from segmenter.labelled import LabelledPage, from_line
from tests.test_exchange import LABELS, PAGE, TOOLS
from training import pages as pg


def run(*args: str, code: int = 0, given: bytes = b"") -> Result:
    result = CliRunner().invoke(main, args, input=given)
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize("tool", TOOLS)
def test_the_commands_go_there_and_back(tool: str, tmp_path: Path) -> None:
    pages = [PAGE, LabelledPage("b", "real:b", (("boilerplate", "Share"),), {})]
    source, there, back = tmp_path / "a.jsonl", tmp_path / "there", tmp_path / "back.jsonl"
    source.write_text("".join(page.to_line() + "\n" for page in pages), encoding="utf-8")
    run("export", "--to", tool, str(source), "-o", str(there))
    run("import", "--from", tool, str(there), "-o", str(back))
    assert [from_line(line) for line in back.read_bytes().splitlines()] == pages


@pytest.mark.parametrize("tool", ["doccano", "spacy"])
def test_what_a_page_without_labels_tells_comes_back(tool: str, tmp_path: Path) -> None:
    told = {"source": "SRC", "url": "http://e.org/", "extra": [1], "writer": ["no name"]}
    source, there, back = tmp_path / "a.jsonl", tmp_path / "there", tmp_path / "back.jsonl"
    source.write_text(json.dumps({"id": "a", "text": "The river rose, police said.", **told}))
    run("export", "--to", tool, str(source), "-o", str(there))
    run("import", "--from", tool, str(there), "-o", str(back))
    page = from_line(back.read_bytes())
    assert (page.id, page.source) == ("a", "SRC")
    assert page.details == {name: told[name] for name in ("url", "extra", "writer")}
    assert pg.load([back])[0].writer == "SRC"


def test_a_page_that_a_tool_cannot_hold_is_told_and_left_out(tmp_path: Path) -> None:
    source, there = tmp_path / "a.jsonl", tmp_path / "there.spacy"
    lines = [{"id": i, "text": f"The river rose{end}"} for i, end in enumerate(["", "\ud800", "."])]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = run("export", "--to", "spacy", str(source), "-o", str(there), code=1).stderr
    assert "page 1: holds half a surrogate pair" in told
    found = run("import", "--from", "spacy", str(there)).stdout
    assert [json.loads(line)["id"] for line in found.splitlines()] == ["0", "2"]


def test_pages_without_labels_are_labelled_first(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("Share\n\nThe river rose on Friday, police said.\n")
    (tmp_path / "page.html").write_text("<!doctype html><p>The river rose, police said.</p>")
    sources = [str(tmp_path / "page.txt"), str(tmp_path / "page.html")]
    tasks = json.loads(run("export", "--to", "label-studio", *sources).stdout)
    assert tasks[0]["data"]["text"].startswith("Share")
    assert all(set(task) == {"data", "predictions"} for task in tasks)
    assert "<Labels" in run("export", "--to", "label-studio", "--config").stdout


def test_what_cannot_be_read_is_told_and_the_rest_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps(doccano.write(LabelledPage("g", "s", (("boilerplate", "x"),)), False))
    bad = json.dumps({"text": "ab", "label": [[0, 1, "boilerplate"]]})
    foreign = json.dumps({"text": "ab", "label": [[0, 2, "ORG"]]})
    empty = json.dumps({"text": "ab", "label": []})
    path.write_text("\n".join([bad, "{", good, foreign, empty]))
    result = run("import", "--from", "doccano", str(path), code=1)
    assert [from_line(line).id for line in result.stdout.splitlines()] == ["g"]
    told = result.stderr.splitlines()
    assert "line 1: no label at 1 to 2" in told[0]
    assert "line 2: is no JSON" in told[1]
    assert "has the label 'ORG', which is none of" in told[2]
    assert "1 tasks without an answer" in told[3]
    assert "cannot be read" in run("import", "--from", "spacy", str(tmp_path / "no"), code=1).stderr


@pytest.mark.parametrize("tool", ["label-studio", "prodigy"])
def test_what_the_model_labelled_is_no_labelled_page_until_someone_says_so(
    tool: str, tmp_path: Path
) -> None:
    (tmp_path / "page.txt").write_text("Share\n\nThe river rose on Friday, police said.\n")
    run("export", "--to", tool, str(tmp_path / "page.txt"), "-o", str(tmp_path / "there"))
    result = run("import", "--from", tool, str(tmp_path / "there"))
    assert result.stdout == ""
    assert "1 tasks without an answer are left out" in result.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_no_pages_make_a_file_that_can_be_read_back(tool: str, tmp_path: Path) -> None:
    source, there, back = tmp_path / "empty.jsonl", tmp_path / "there", tmp_path / "back.jsonl"
    source.touch()
    there.write_text("of an earlier run")
    run("export", "--to", tool, str(source), "-o", str(there))
    if tool == "label-studio":
        assert json.loads(there.read_bytes()) == []
    elif tool != "spacy":
        assert there.read_bytes() == b""
    run("import", "--from", tool, str(there), "-o", str(back))
    assert back.read_bytes() == b""


def test_an_import_that_fails_leaves_the_corrections_of_before(tmp_path: Path) -> None:
    corrections = tmp_path / "corrections.jsonl"
    corrections.write_text("of an earlier run")
    run("import", "--from", "doccano", str(tmp_path / "no"), "-o", str(corrections), code=1)
    assert corrections.read_text() == "of an earlier run"


@pytest.mark.parametrize("tool", TOOLS)
def test_labels_of_a_model_of_ones_own_are_read_with_it(
    tool: str, segmenter: Segmenter, tmp_path: Path
) -> None:
    labels = ("recipe", "memoir", "interview", "furniture")
    replace(segmenter.model, labels=labels).save(tmp_path / "own.npz")
    page = LabelledPage("k", "real:k", (("recipe", "Whisk.\n\n"), ("furniture", "Log in")), {})
    news = LabelledPage("n", "real:n", (("boilerplate", "Log in"),), {})
    source, there = tmp_path / "a.jsonl", str(tmp_path / "there")
    source.write_text("".join(page.to_line() + "\n" for page in (page, news)))
    model = ("--model", str(tmp_path / "own.npz"))
    run("export", "--to", tool, *model, str(source), "-o", there)
    result = run("import", "--from", tool, *model, there, code=1)
    assert [from_line(line) for line in result.stdout.splitlines()] == [page]
    assert f"the label 'boilerplate', which is none of {', '.join(labels)}" in result.stderr
    result = run("import", "--from", tool, there, code=1)
    assert [from_line(line) for line in result.stdout.splitlines()] == [news]
    assert f"the label 'recipe', which is none of {', '.join(LABELS)}" in result.stderr
    missing = run("import", "--from", tool, "--model", str(tmp_path / "no.npz"), there, code=1)
    assert "no.npz" in missing.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_standard_input_is_read(tool: str, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(PAGE.to_line() + "\n", encoding="utf-8")
    there = run("export", "--to", tool, str(source)).stdout_bytes
    result = run("import", "--from", tool, "-", given=there)
    assert [from_line(line) for line in result.stdout_bytes.splitlines()] == [PAGE]


def test_messages_about_standard_input_say_so() -> None:
    line = b'{"text": "ab", "labels": [[0, 2, "boilerplate"]]}\n'
    result = run("import", "--from", "doccano", "-", given=line + b"{", code=1)
    assert from_line(result.stdout).id == "standard input line 1"
    assert result.stderr.startswith("segmenter: standard input: line 2: is no JSON")
