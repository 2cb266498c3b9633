from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmenter import Segmenter
from segmenter.errors import InputError
from segmenter.formats import Record
from segmenter.labelled import LabelledPage, from_line
from segmenter.review import pieces as pc
from segmenter.review.corrections import Corrections
from segmenter.review.session import ConflictError, Session, UnknownPageError, add_all
from training import pages as pg
from training.rows import from_pages

TEXT = "\n Share this article\n\nThe river rose by two metres on Friday, police said.\n\nRelated\n"
REPORT = """River at its highest for twenty years

The river rose by two metres on Friday, police said, and forty families left their homes.

Mayor Anna Holt told reporters that the sports hall would stay open until Monday. No one was hurt,
according to the fire service, which sent 12 boats to the lower town.
"""
FORMS = ("original_report", "satirical_rewrite", "generated_interview", "boilerplate")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "corrections.jsonl"


def open_session(path: Path, *records: Record, model: str | None = None) -> Session:
    session = Session(model, Corrections(path))
    for record in records:
        session.add(record)
    return session


def record(text: str = TEXT, name: str = "a") -> Record:
    return Record(name, text, name)


def blocks(session: Session, key: str = "0") -> list[list[object]]:
    return [list(piece) for piece in session.entry(key).pieces]


def relabel(session: Session, place: int, label: str, key: str = "0") -> None:
    changed = blocks(session, key)
    changed[place][2] = label
    session.change(key, session.entry(key).version, changed, False)


def test_a_change_is_in_the_file_at_once(path: Path) -> None:
    session = open_session(path, record())
    relabel(session, 0, "generated_interview")
    (page,) = pg.load([path])
    assert page.text == TEXT
    assert page.segments[0] == ("generated_interview", "\n Share this article\n\n")
    assert (page.id, page.source) == ("a", "real:a")
    session.close()


def test_a_page_keeps_what_it_came_with(path: Path) -> None:
    given = Record("a", TEXT, "a", source="SRC", details={"extra": [1]})
    session = open_session(path, given)
    relabel(session, 0, "generated_interview")
    saved = from_line(path.read_bytes().splitlines()[-1])
    assert (saved.source, saved.details["extra"]) == ("SRC", [1])
    session.close()


def test_training_learns_the_labels_as_they_were_corrected(path: Path) -> None:
    session = open_session(path, record())
    relabel(session, 0, "generated_interview")
    relabel(session, 1, "satirical_rewrite")
    relabel(session, 2, "original_report")
    rows = from_pages(pg.load([path]))
    assert [FORMS[label] for label in rows.label] == [
        "generated_interview",
        "satirical_rewrite",
        "original_report",
    ]
    session.close()


def test_a_killed_review_goes_on_where_it_was(path: Path) -> None:
    session = open_session(path, record(), record("Other", "b"))
    relabel(session, 1, "satirical_rewrite")
    expected, version = blocks(session), session.entry("0").version
    session.close()
    again = open_session(path, record(), record("Other", "b"))
    assert blocks(again) == expected
    assert again.entry("0").version != version  # as the page counts as corrected from then on
    assert [page["state"] for page in again.summaries()] == ["saved", "open"]
    again.close()


def test_splits_and_merges_survive(path: Path) -> None:
    session = open_session(path, record())
    start = TEXT.index("on Friday")
    cut = blocks(session)
    report = cut[1]
    cut[1:2] = [[report[0], start, report[2]], [start, report[1], report[2]]]
    session.change("0", session.entry("0").version, cut, False)
    expected = blocks(session)
    assert len(expected) == 4
    session.close()
    again = open_session(path)
    assert blocks(again) == expected
    merged = [[expected[0][0], expected[-1][1], "boilerplate"]]
    again.change("0", again.entry("0").version, merged, False)
    again.close()
    last = open_session(path)
    assert blocks(last) == merged
    last.close()


def test_a_page_that_was_pasted_and_corrected_is_still_there(path: Path) -> None:
    session = open_session(path)
    session.add(record("Pasted text", "pasted 1"))
    relabel(session, 0, "satirical_rewrite")
    session.close()
    again = open_session(path, record())
    assert [page["id"] for page in again.summaries()] == ["pasted 1", "a"]
    again.close()


def test_stale_changes_are_refused_and_nothing_is_lost(path: Path) -> None:
    session = open_session(path, record())
    stale = session.entry("0").version
    relabel(session, 0, "satirical_rewrite")
    kept, before = path.read_bytes(), blocks(session)
    with pytest.raises(ConflictError):
        session.change("0", stale, before, True)
    with pytest.raises(InputError):
        session.change("0", session.entry("0").version, before[1:], True)
    with pytest.raises(UnknownPageError):
        session.change("7", stale, before, True)
    assert path.read_bytes() == kept
    assert blocks(session) == before
    session.close()


def test_undoing_all_takes_the_page_out_again(path: Path) -> None:
    session = open_session(path, record(), record("Other", "b"))
    first = blocks(session)
    relabel(session, 0, "satirical_rewrite")
    relabel(session, 0, "generated_interview", "1")
    session.change("0", session.entry("0").version, first, False)
    assert [page.id for page in pg.load([path])] == ["b"]
    session.close()


def test_a_page_that_is_all_right_can_be_saved_as_it_is(path: Path) -> None:
    session = open_session(path, record())
    assert not path.exists()
    session.change("0", session.entry("0").version, blocks(session), True)
    assert pg.load([path])[0].text == TEXT
    assert session.summaries()[0]["doubt"] == 0
    session.close()


def test_other_fields_of_a_page_are_kept(path: Path) -> None:
    labelled = LabelledPage("a", "authored:w", (("boilerplate", TEXT),), {"writer": "w", "n": [1]})
    session = open_session(path, Record("a", TEXT, "a", labelled=labelled))
    assert session.summaries()[0]["state"] == "given"
    relabel(session, 1, "original_report")
    saved = json.loads(path.read_text())
    assert (saved["source"], saved["writer"], saved["n"]) == ("authored:w", "w", [1])
    session.close()


def test_likely_label_errors_come_to_the_top(path: Path) -> None:
    right = Record("right", REPORT, "right")
    labels = (("generated_interview", REPORT),)
    wrong = Record("wrong", REPORT, "wrong", labelled=LabelledPage("wrong", "x", labels))
    session = open_session(path, right, wrong)
    one, other = session.summaries()
    assert other["doubt"] > 0.8 > one["doubt"]
    assert other["wrong"] > 0.5 > one["wrong"]
    session.close()


def test_two_reviews_do_not_share_a_file(path: Path) -> None:
    session = open_session(path)
    with pytest.raises(InputError, match="another review has this file open"):
        open_session(path)
    session.close()
    open_session(path).close()


def test_a_file_that_another_program_changed_is_not_overwritten(path: Path) -> None:
    session = open_session(path, record())
    relabel(session, 0, "satirical_rewrite")
    path.write_text(theirs := path.read_text() + "\n")
    before = blocks(session)
    with pytest.raises(InputError, match="changed by another program"):
        relabel(session, 1, "boilerplate")
    assert path.read_text() == theirs
    assert blocks(session) == before
    session.close()


def test_a_failing_disk_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(path, record())
    relabel(session, 0, "satirical_rewrite")
    kept, before = path.read_bytes(), blocks(session)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        relabel(session, 1, "boilerplate")
    assert path.read_bytes() == kept
    assert blocks(session) == before
    assert sorted(p.name for p in path.parent.iterdir() if p.suffix == ".tmp") == []
    session.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}\n", "line 1: has no"),
        ('\n{"id": "a", "segments": [{"label": "joke", "text": "x"}]}\n', "line 2: has the label"),
    ],
)
def test_a_foreign_file_is_refused_and_left_alone(path: Path, content: str, reason: str) -> None:
    path.write_text(content)
    with pytest.raises(InputError, match=reason):
        open_session(path)
    assert path.read_text() == content
    path.write_text("")
    open_session(path).close()


def test_a_link_stays_a_link(path: Path) -> None:
    real = path.with_name("real.jsonl")
    real.write_text("")
    real.chmod(0o640)
    path.symlink_to(real)
    session = open_session(path, record())
    relabel(session, 0, "satirical_rewrite")
    assert path.is_symlink()
    assert len(pg.load([real])) == 1
    assert real.stat().st_mode & 0o777 == 0o640
    session.close()


def test_search_finds_text_and_names_in_any_case(path: Path) -> None:
    session = open_session(path, record(), record("STRASSE und Brücke", "b-2"))
    assert session.search("RIVER") == ["0"]
    assert session.search("straße") == ["1"]
    assert session.search("B-2") == ["1"]
    assert session.search("nowhere") == []
    session.close()


def test_why_names_features_of_the_block(path: Path) -> None:
    session = open_session(path, record())
    _, report, _ = blocks(session)
    found = session.why("0", int(str(report[0])) + 3, int(str(report[1])))
    assert found["text"].startswith("The river")
    assert not found["same"]
    named = [reason["feature"] for reason in found["reasons"]]
    words = {name[6:-1] for name in named if name.startswith("word “")}
    assert {"police", "said"} <= words <= set(re.findall(r"\w+", found["text"].lower()))
    with pytest.raises(InputError):
        session.why("0", 5, 5)
    session.close()


def test_pages_of_all_kinds_come_in_their_order(path: Path) -> None:
    html = Record("h", "", "h", html=f"<!doctype html><p>{TEXT}</p>")
    bad = Record("bad", "x", "bad", labelled=LabelledPage("bad", "", (("joke", "x"),)))
    session = open_session(path)
    wrong = InputError("line 3: is no JSON")
    count, errors = add_all(session, [record(), html, wrong, record("Other", "b"), bad, html])
    assert [page["id"] for page in session.summaries()] == ["a", "h", "b"]
    assert count == 4
    assert str(errors[0]) == "line 3: is no JSON"
    assert str(errors[1]).startswith("bad: has the label 'joke'")
    for key in ("0", "2"):
        entry = session.entry(key)
        assert entry.page.blocks == session.segmenter.segment(entry.text).blocks
    session.close()


def test_html_is_corrected_as_its_rendered_text(path: Path) -> None:
    html = f"<html><body><article><h1>Flood</h1><p>{TEXT * 4}</p></article></body></html>"
    session = open_session(path, Record("p.html", "", "p.html", html=html))
    relabel(session, 0, "satirical_rewrite")
    expected = blocks(session)
    session.close()
    again = open_session(path, Record("p.html", "", "p.html", html=html))
    assert len(again.summaries()) == 1
    assert blocks(again) == expected
    assert again.show(again.entry("0"))["html"]
    again.close()


def biased(path: Path, label: str) -> None:
    """A model that sees ``label`` everywhere."""
    model = Segmenter.load().model
    bias = np.where(
        np.isin(np.arange(len(model.bias)), model.chain.roles_of(FORMS.index(label))), 60, 0
    )
    replace(model, bias=bias.astype(np.float32)).save(path)


def test_before_and_after_a_training(path: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    biased(model, "boilerplate")
    session = open_session(path, record(), record("Never corrected", "b"), model=str(model))
    everything = [[a, b, "satirical_rewrite"] for a, b, _ in blocks(session)]
    session.change("0", session.entry("0").version, everything, False)
    assert (session.summaries()[0]["before"], session.summaries()[0]["now"]) == (0, 0)
    assert not session.newer_model()
    biased(model, "satirical_rewrite")
    assert session.newer_model()
    session.reload()
    corrected, other = session.summaries()
    assert corrected["retrained"]
    assert (corrected["before"], corrected["now"]) == (0, 1)
    assert other["now"] is None
    assert {piece.label for piece in session.entry("1").pieces} == {"satirical_rewrite"}
    shown = session.show(session.entry("0"))["blocks"]
    assert {(b["was"], b["model"]) for b in shown} == {("boilerplate", "satirical_rewrite")}
    session.close()
    # The same is told by the next review, from the file alone.
    again = open_session(path, model=str(model))
    assert (again.summaries()[0]["before"], again.summaries()[0]["now"]) == (0, 1)
    again.close()


def test_a_broken_model_does_not_replace_the_one_in_use(path: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.npz"
    shutil.copy(Path(pg.DATASETS.parent / "segmenter/models/default.npz"), model)
    session = open_session(path, record(), model=str(model))
    before = session.digest
    model.write_bytes(b"nothing")
    with pytest.raises(Exception, match="no model file"):
        session.reload()
    assert session.digest == before
    assert pc.of_blocks(session.entry("0").page.blocks) == session.entry("0").pieces
    session.close()
