from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from segmenter import Label, Segmenter, cli
from segmenter.cli import main
from segmenter.model_version import model_version

TEXT = "Share\n\nThe river rose by two metres on Friday, the fire brigade said.\n"
GOOD = json.dumps({"id": "a", "text": TEXT})


def run(*args: str, stdin: str | bytes = "", code: int = 0) -> Result:
    result = CliRunner().invoke(main, args, input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def errors(result: Result) -> list[str]:
    return result.stderr.splitlines()


def test_table(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    lines = run("label", str(path)).stdout.splitlines()
    assert lines[0] == str(path)
    assert re.match(r"0  \w+ +\d+%  Share", lines[1])
    assert lines[-1].startswith("2 blocks")
    assert "\x1b" not in "".join(lines)


def test_table_is_coloured_on_a_terminal_unless_no_color(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | extra
        terminal, side = os.openpty()
        subprocess.run(
            [sys.executable, "-m", "segmenter", "label", str(path)],
            stdout=side,
            env=env,
            check=True,
        )
        os.close(side)
        shown = os.read(terminal, 1 << 16)
        os.close(terminal)
        assert b"2 blocks" in shown
        assert (b"\x1b[" in shown) == coloured


def test_json_lines_in_and_out() -> None:
    result = run("label", "--format", "jsonl", stdin=f"{GOOD}\n{GOOD}\n")
    pages = [json.loads(line) for line in result.stdout.splitlines()]
    assert [page["id"] for page in pages] == ["a", "a"]
    for block in pages[0]["blocks"]:
        assert TEXT[block["start"] : block["end"]] == block["text"]
        assert block["label"] in set(Label)
        assert 0 <= block["confidence"] <= 1


def test_clean_writes_the_same_as_the_library(segmenter: Segmenter) -> None:
    assert run("clean", stdin=TEXT).stdout == segmenter.clean(TEXT)
    line = json.loads(run("clean", "--format", "jsonl", stdin=GOOD).stdout)
    assert line == {"id": "a", "text": segmenter.clean(TEXT)}


def test_keep() -> None:
    kept = run("clean", "--keep", "boilerplate", "--keep", "original_report", stdin=TEXT).stdout
    assert kept.startswith("Share")
    result = run("clean", "--keep", "reports", stdin=TEXT, code=2)
    assert "'reports' is none of original_report" in result.stderr


def test_min_confidence() -> None:
    assert run("clean", "--min-confidence", "1", stdin=TEXT).stdout == ""
    for wrong in ("2", "nan"):
        run("clean", "--min-confidence", wrong, stdin=TEXT, code=2)


def test_one_page_is_an_object_and_several_an_array() -> None:
    assert isinstance(json.loads(run("label", "--format", "json", stdin=GOOD).stdout), dict)
    several = run("label", "--format", "json", stdin=f"{GOOD}\n{GOOD}\n{GOOD}\n").stdout
    assert len(json.loads(several)) == 3


def test_fields() -> None:
    line = json.dumps({"url": "u", "body": TEXT})
    result = run(
        "clean", "--text-field", "body", "--id-field", "url", "--format", "jsonl", stdin=line
    )
    assert json.loads(result.stdout)["id"] == "u"
    result = run("clean", stdin=line, code=1)
    assert errors(result) == [
        'segmenter: standard input, line 1: there is no field "text"; '
        "name that of the text by --text-field"
    ]


@pytest.mark.parametrize("first", [b"{broken", b"", b"[1, 2]", b"\xff\xfe{", b"\n \n"])
def test_json_lines_whose_first_line_is_none(first: bytes) -> None:
    stdin = first + b"\n" + (GOOD + "\n" + GOOD + "\n").encode()
    result = run("clean", "--format", "jsonl", stdin=stdin, code=1 if first.strip() else 0)
    assert len(result.stdout.splitlines()) == 2
    assert len(errors(result)) == (1 if first.strip() else 0)


def test_a_byte_order_mark_before_json_lines() -> None:
    result = run("clean", "--format", "jsonl", stdin=b"\xef\xbb\xbf" + GOOD.encode())
    assert json.loads(result.stdout)["id"] == "a"


@pytest.mark.parametrize(
    ("content", "told"), [(b"WARC/1.0\r\n\r\n", "warc is not read from it"), (TEXT.encode(), "")]
)
def test_packed_standard_input_is_told_by_what_is_in_it(content: bytes, told: str) -> None:
    result = run("clean", stdin=gzip.compress(content), code=1 if told else 0)
    assert [told in line for line in errors(result)] == ([True] if told else [])
    assert ("river" in result.stdout) != bool(told)


@pytest.mark.parametrize("packing", ["zstd", "gzip"])
def test_packed_json_lines_whose_beginning_does_not_unpack_or_is_cut(packing: str) -> None:
    # What a compressor cannot make smaller: a block of zstd takes more than is looked at.
    lines = [json.dumps({"id": i, "text": os.urandom(3000).hex()}) for i in range(30)]
    content = "\n".join(lines).encode()
    if packing == "zstd":
        content = pytest.importorskip("zstandard").ZstdCompressor().compress(content)
    else:
        content = gzip.compress(content, 0)
    result = run("label", "--format", "jsonl", stdin=content)
    assert len(result.stdout.splitlines()) == len(lines)


def test_html_beside_an_empty_text() -> None:
    line = json.dumps({"id": "a", "text": "", "html": f"<p>{TEXT * 4}</p>"})
    shown = run("label", "--format", "jsonl", stdin=line).stdout
    assert "river" in json.loads(shown)["blocks"][0]["text"]


def test_files_that_no_suffix_tells_are_told_of_and_read_as_asked(tmp_path: Path) -> None:
    for name in ("a.php", "article?id=3", "b.txt"):
        (tmp_path / name).write_text(TEXT)
    result = run("label", "--format", "jsonl", str(tmp_path))
    assert len(result.stdout.splitlines()) == 1
    assert len(errors(result)) == 1
    assert "2 files are left alone" in result.stderr
    result = run("label", "--format", "jsonl", "--input-format", "text", str(tmp_path))
    assert len(result.stdout.splitlines()) == 3
    assert errors(result) == []
    (tmp_path / "b.txt").unlink()
    assert "its 2 files" in run("label", str(tmp_path), code=1).stderr


def test_json_over_several_lines_is_not_taken_for_prose(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    path.write_text(json.dumps([{"id": "a", "text": TEXT}], indent=1))
    assert errors(run("label", str(path), code=1)) == [
        f"segmenter: {path}: is no JSON Lines: give a record a line (jq -c '.[]')"
    ]
    (tmp_path / "b.json").write_text(GOOD)
    several = run("label", "--format", "jsonl", str(tmp_path / "*.json"), code=1)
    assert len(several.stdout.splitlines()) == 1


def test_html_that_is_named_as_a_text_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "page.TXT"
    path.write_text(f"<!doctype html><p>{TEXT}</p>")
    assert "begins as HTML does" in run("label", str(path)).stderr
    assert run("label", "--input-format", "html", str(path)).stderr == ""


def test_an_input_without_a_name() -> None:
    assert errors(run("label", "", code=1)) == ["segmenter: an input has an empty name"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_a_full_disk_costs_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "segmenter", "label"],
            input=TEXT.encode(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == "segmenter: output: No space left on device\n"


def test_an_interruption_has_an_exit_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_start", interrupted)
    assert errors(run("label", stdin=TEXT, code=130)) == ["segmenter: interrupted"]


def test_html_page_is_self_contained_and_names_labels(tmp_path: Path) -> None:
    shown = run("label", "--format", "html", stdin="Menu <script>\n\n" + TEXT).stdout
    assert "<b>boilerplate</b>" in shown
    assert "&lt;script&gt;" in shown
    assert not re.search(r"(src|href)=|@import|url\(", shown)


def test_failed_records_are_named_and_the_others_done() -> None:
    lines = [GOOD, "{", "[]", json.dumps({"id": 3}), json.dumps({"id": "b", "text": TEXT}), ""]
    result = run(
        "label", "--input-format", "jsonl", "--format", "jsonl", stdin="\n".join(lines), code=1
    )
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", "b"]
    assert [line.split(":")[1].strip() for line in errors(result)] == [
        "standard input, line 2", "standard input, line 3", "standard input, line 4",
    ]  # fmt: skip


def test_missing_file_directory_and_good_file(tmp_path: Path) -> None:
    good = tmp_path / "good.txt"
    good.write_text(TEXT)
    missing = str(tmp_path / "missing.txt")
    empty = tmp_path / "empty"
    empty.mkdir()
    result = run("clean", missing, str(empty), str(good), code=1)
    assert result.stdout.strip() == Segmenter.load().clean(TEXT).strip()
    assert len(errors(result)) == 2
    assert missing in errors(result)[0]
    assert "directory" in errors(result)[1]


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\x00\x00\x00", "\u200b".encode()])
def test_pages_without_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(content)
    run("label", str(path))
    run("clean", str(path))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes("Zürich: the café rose, “said” Ødegård.".encode(encoding))
    page = json.loads(run("label", "--format", "json", str(path)).stdout)
    assert page["blocks"][0]["text"] == "Zürich: the café rose, “said” Ødegård."


def test_bytes_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes("Zürich: the café rose.".encode("cp1252"))
    result = run("label", "--format", "json", str(path))
    assert json.loads(result.stdout)["blocks"][0]["text"] == "Zürich: the café rose."
    assert "Windows-1252" in result.stderr
    path.write_bytes("Zürich: the café rösti ".encode() * 3 + b"\xff rose.")
    result = run("label", "--format", "json", str(path))
    assert json.loads(result.stdout)["blocks"][0]["text"].endswith("� rose.")
    assert "1 characters are no UTF-8" in result.stderr


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, bytes(range(256)) * 40, b"\x1f\x8b\x08\x00"],
)
def test_binary_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(content)
    result = run("label", str(path), code=1)
    assert len(errors(result)) == 1
    assert str(path) in result.stderr
    assert result.stdout == ""


def test_lone_surrogates_do_not_break_the_output() -> None:
    line = '{"id": "s", "text": "The mayor \\ud83d said so on Friday, police said."}'
    result = run("label", "--format", "jsonl", stdin=line)
    assert json.loads(result.stdout)["blocks"][0]["text"].startswith("The mayor \ud83d said")
    run("clean", stdin=line)
    run("label", stdin=line)


def test_a_bad_model_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(b"nothing")
    result = run("label", "--model", str(path), stdin=TEXT, code=1)
    assert len(errors(result)) == 1
    assert str(path) in result.stderr


def test_wrong_usage() -> None:
    run("label", "--format", "docx", code=2)
    run("explode", code=2)


def test_a_closed_pipe_leaves_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(f"{GOOD}\n" * 20_000)
    command = f"{sys.executable} -m segmenter label {path} --format jsonl | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_explain_adds_up_to_the_label() -> None:
    result = run("explain", "--block", "1", stdin=TEXT)
    lines = result.stdout.splitlines()
    assert lines.pop(0) == "standard input"
    assert "The river rose" in lines[0]
    assert lines[1].split()[:4] == list(Label)
    assert len(lines) == 22
    result = run("explain", "--block", "9", stdin=TEXT, code=1)
    assert "blocks 0 to 1" in result.stderr
    assert "has no block" in run("explain", "--block", "0", stdin=" ", code=1).stderr
    run("explain", "--block", "0", "--top", "0", stdin=TEXT, code=2)


def test_info() -> None:
    data = json.loads(run("info", "--format", "json").stdout)
    assert data["labels"] == list(Label)
    assert data["trained on"]["pages"] > 0
    assert data["model"] == model_version(None)
    assert 0.5 < data["figures"]["report characters kept"] < 1
    assert "trained on:" in run("info").stdout


def test_info_of_a_model_of_other_data_tells_no_figures(tmp_path: Path) -> None:
    model = Segmenter.load().model
    path = tmp_path / "own.npz"
    replace(model, about={"trained on": {"data_sha256": "0" * 64}}).save(path)
    data = json.loads(run("info", "--format", "json", "--model", str(path)).stdout)
    assert "figures" not in data
    assert data["model"] != model_version(None)


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    assert all(command in shown for command in ("label", "clean", "explain", "info"))


def test_html_without_its_parser_costs_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # None in sys.modules makes an import fail as if nothing were installed.
    for name in ("selectolax", "selectolax.lexbor"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "segmenter.html", raising=False)
    cli._lacking_for_html.cache_clear()
    (tmp_path / "a.html").write_text("<html><p>Police said the port was shut.</html>")
    (tmp_path / "b.txt").write_text("The river rose on Monday, police said.")
    inputs = [str(tmp_path / "a.html"), str(tmp_path / "b.txt")]
    result = CliRunner().invoke(main, ["label", *inputs, "--format", "jsonl"])
    cli._lacking_for_html.cache_clear()
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "segmenter[html]" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_offsets_of_html_have_their_text() -> None:
    html = f"<html><body><h1>Flood</h1><p>{TEXT}</p></body></html>"
    found = json.loads(run("label", "--format", "jsonl", stdin=html).stdout)
    assert list(found) == ["id", "text", "metadata", "blocks"]
    assert all(found["text"][b["start"] : b["end"]] == b["text"] for b in found["blocks"])


def test_explanations_of_several_pages_are_told_apart(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(TEXT)
    result = run("explain", "--block", "1", *(str(tmp_path / f"{n}.txt") for n in "ab"))
    lines = result.stdout.splitlines()
    assert lines[0] == str(tmp_path / "a.txt")
    assert lines[lines.index("") + 1] == str(tmp_path / "b.txt")
