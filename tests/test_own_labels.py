from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from segmenter import Segmenter, SegmenterError
from segmenter.cli import main as segmenter_main
from segmenter.model import Model
from segmenter.review.entry import Entry
from segmenter.review.pieces import of_blocks
from tests import own_pages
from tests.training_pages import pages as news_pages
from training import fit, label_set, own_labels
from training.label_set import LabelSet, parse
from training.rows import from_pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``own.npz``, made by the command that `make train LABELS=` calls."""
    path = tmp_path_factory.mktemp("own")
    own_pages.write(path / "pages.jsonl")
    (path / "labels.txt").write_text("# a cook's page\nrecipe\nmemoir\n\nfurniture\n")
    patch = pytest.MonkeyPatch()
    patch.setattr(own_labels.counts, "load_all", list)  # packaged counts: none means one of these
    done = CliRunner().invoke(
        own_labels.main,
        [
            "--labels", str(path / "labels.txt"), "--pages", str(path / "pages.jsonl"),
            "--output", str(path / "own.npz"), "--jobs", "1",
        ],
    )  # fmt: skip
    patch.undo()
    assert done.exit_code == 0, done.output
    assert "recipe, memoir, furniture" in done.output
    assert "characters right: 0.9" in done.output or "characters right: 1.0" in done.output
    return path


def program(folder: Path, *arguments: str, code: int = 0) -> str:
    command, *rest = arguments
    done = CliRunner().invoke(
        segmenter_main,
        [command, "--model", str(folder / "own.npz"), *rest],
        input=own_pages.UNSEEN,
    )
    assert done.exit_code == code, done.output
    return done.output


def test_the_library_gives_the_models_own_labels(folder: Path) -> None:
    segmenter = Segmenter.load(folder / "own.npz")
    page = segmenter.segment(own_pages.UNSEEN)
    assert tuple(block.label for block in page.blocks) == own_pages.TRUE
    assert page.labels == own_pages.LABELS
    for block in page.blocks:
        assert len(block.probabilities) == 3
        assert block.confidence == max(block.probabilities)
        assert sum(block.probabilities) == pytest.approx(1)
    assert page.clean().startswith("Preheat")
    assert page.clean() == segmenter.clean(own_pages.UNSEEN)
    assert page.clean(keep={"memoir"}).startswith("When I was a boy")
    with pytest.raises(SegmenterError, match="is none of the labels recipe, memoir, furniture"):
        page.clean(keep={"original_report"})


def test_pages_with_markup_have_the_models_own_labels(folder: Path) -> None:
    lines = own_pages.UNSEEN.strip().split("\n\n")
    body = "".join(f"<p>{line} {line}</p>" for line in lines[1:3] + lines[4:6])
    html = f"<html><body><nav><a href=/>Home</a></nav><article>{body}</article></body></html>"
    page = Segmenter.load(folder / "own.npz").segment_html(html)
    assert [block.label for block in page.blocks][:3] == ["furniture", "memoir", "memoir"]
    assert set(own_pages.LABELS) >= {block.label for block in page.blocks}
    assert page.labels == own_pages.LABELS


def test_the_command_line_takes_the_models_own_labels(folder: Path) -> None:
    told = json.loads(program(folder, "label", "--format", "json"))
    assert tuple(block["label"] for block in told["blocks"]) == own_pages.TRUE
    assert program(folder, "clean").startswith("Preheat")
    assert program(folder, "clean", "--keep", "memoir").startswith("When I was a boy")
    refused = program(folder, "clean", "--keep", "original_report", code=2)
    assert "'original_report' is none of recipe, memoir, furniture" in refused
    assert '<div class="block frame">' in program(folder, "label", "--format", "html")
    assert "furniture" in program(folder, "label")
    assert "recipe" in program(folder, "explain", "--block", "1").splitlines()[2]
    told = json.loads(program(folder, "info", "--format", "json"))
    assert told["labels"] == list(own_pages.LABELS)
    assert told["unseen writers"]["characters right"] > 0.9


def test_training_again_gives_the_same_model(folder: Path, tmp_path: Path) -> None:
    labels = parse("recipe, memoir, furniture", "here")
    own_labels.train(labels, own_pages.pages()).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (folder / "own.npz").read_bytes()


def test_labels_are_joined_and_public_counts_take_part(tmp_path: Path) -> None:
    labels = parse("original_report\nmade_up: satirical_rewrite, generated_interview\nboilerplate",
                   "here")  # fmt: skip
    public = replace(
        from_pages(news_pages()[:2]), label=np.full(len(from_pages(news_pages()[:2])), 4, np.int8)
    )
    known = from_pages(news_pages()[2:4])
    model = own_labels.train(labels, news_pages(), [public, known])
    model.save(tmp_path / "made_up.npz")
    segmenter = Segmenter.load(tmp_path / "made_up.npz")
    text = "\n\n".join(text.strip() for _, text in news_pages()[0].segments)
    found = {block.label for block in segmenter.segment(text).blocks}
    assert found == {"original_report", "made_up", "boilerplate"}


def test_more_than_four_labels_and_one_that_is_a_single_line() -> None:
    pages = [
        replace(page, segments=(("motto", "Eat well, live long, said Ida of Ostby.\n\n"), *rest))
        for page in own_pages.pages()
        for rest in (page.segments,)
    ]
    pages += [replace(p, id=f"n{p.id}", writer=f"cook {i % 3}") for i, p in enumerate(news_pages())]
    names = "recipe, memoir, motto, original_report, satirical_rewrite, generated_interview, frame"
    labels = parse(names.replace(", frame", ": x\nframe: furniture, boilerplate")
                   .replace(", ", "\n").replace("furniture\n", "furniture, "), "here")  # fmt: skip
    model = own_labels.train(labels, pages)
    assert len(model.labels) == 7
    assert len(model.bias) == 14
    page = Segmenter(model).segment(
        "Eat well, live long, said Ida of Ostby.\n\n" + own_pages.UNSEEN
    )
    assert page.blocks[0].label == "motto"
    assert page.blocks[0].confidence > 1 / 7


def test_two_labels() -> None:
    labels = parse("text: recipe, memoir\nfurniture", "here")
    model = own_labels.train(labels, own_pages.pages())
    page = Segmenter(model).segment(own_pages.UNSEEN)
    kinds = ["furniture" if label == "furniture" else "text" for label in own_pages.TRUE]
    assert [block.label for block in page.blocks] == kinds
    assert model.calibration.matrix.shape == (2, 2)


def test_pages_of_one_writer_are_not_measured_and_the_model_says_so() -> None:
    pages = [replace(page, writer="cook") for page in own_pages.pages()]
    model = own_labels.train(parse("recipe, memoir, furniture", "here"), pages)
    assert "3 writers are needed" in model.about["unseen writers"]["not measured"]
    assert (model.calibration.matrix == np.eye(3)).all()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("alone", "2 to 32 labels"),
        ("", "2 to 32 labels"),
        ("a\nb c\nd", "not 'b c'"),
        ("boilerplate, a", "must stand last"),
        ("a, b, a", "'a' stands twice"),
        ("a: b\nb\nc", "'b' stands twice"),
    ],
)
def test_label_sets_that_cannot_be_learned_are_refused(content: str, fault: str) -> None:
    with pytest.raises(SegmenterError, match=fault):
        parse(content, "here")


def test_labels_that_the_pages_lack_or_that_are_not_named(tmp_path: Path) -> None:
    with pytest.raises(SegmenterError, match="page k00: the label 'memoir' is none of"):
        own_labels.train(parse("recipe, furniture", "here"), own_pages.pages())
    with pytest.raises(SegmenterError, match="no block of the pages has the label 'poem'"):
        own_labels.train(parse("recipe, memoir, poem, furniture", "here"), own_pages.pages())
    with pytest.raises(SegmenterError, match="no labels file"):
        label_set.read(str(tmp_path / "missing.txt"))


def test_a_label_set_of_the_packaged_labels_changes_nothing() -> None:
    names = ("original_report", "satirical_rewrite", "generated_interview", "boilerplate")
    labels = LabelSet(names, {name: name for name in names})
    page = replace(news_pages()[0], segments=(("boilerplate", "A\n"), ("original_report", "B\n")))
    assert labels.pages([page]) == [page]
    rows = from_pages(news_pages())
    assert (labels.rows(rows).label == rows.label).all()


def test_the_name_of_the_frame_changes_nothing_but_the_name() -> None:
    named = [
        replace(
            page,
            segments=tuple(
                ("boilerplate" if label == "furniture" else label, text)
                for label, text in page.segments
            ),
        )
        for page in own_pages.pages()
    ]
    one = own_labels.train(parse(",".join(own_pages.LABELS), "x"), own_pages.pages())
    other = own_labels.train(parse("recipe,memoir,boilerplate", "x"), named)
    assert (one.bias == other.bias).all()
    assert (one.masked.steps == other.masked.steps).all()


def test_a_model_file_with_own_labels_is_checked_as_any(folder: Path, tmp_path: Path) -> None:
    assert Model.load(folder / "own.npz").labels == own_pages.LABELS
    data = bytearray((folder / "own.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "damaged.npz").write_bytes(data)
    with pytest.raises(SegmenterError, match="damaged"):
        Model.load(tmp_path / "damaged.npz")


SOUND = '{"id": "a", "source": "s", "segments": [{"label": "a", "text": "x"}]}\n'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "a", "source": "s"}', 'line 2: has no "segments", each with "label" and "text"'),
        ('{"source": "s", "segments": []}', 'line 2: has no "id"'),
        ("not json", "line 2: is no JSON: Expecting value"),
        ("[1]", "line 2: is no JSON object"),
        ('{"id": "a", "segments": ["b"]}', 'line 2: has no "segments"'),
    ],
)
def test_pages_that_are_none_are_one_clear_line(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text(SOUND + line + "\n")
    for command, options in (
        (own_labels.main, ["--labels", "a,b", "--pages", str(path), "--output", str(path)]),
        (fit.main, ["--extra", str(path), "--output", str(path)]),
    ):
        done = CliRunner().invoke(command, options)
        assert done.exit_code == 1
        assert done.output.startswith(f"Error: {path}, {told}")
        assert done.output.count("\n") == 1
        assert path.read_text().startswith(SOUND)


def test_a_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text(SOUND)
    done = CliRunner().invoke(fit.main, ["--extra", str(path), "--output", str(path)])
    assert done.exit_code == 1
    assert "page a: has the label 'a', which is none of original_report," in done.output
    (tmp_path / "empty.jsonl").write_text("\n")
    for options, code, told in (
        (["--pages", str(path), "--output", str(tmp_path)], 2, "is a directory"),
        (["--pages", str(tmp_path / "empty.jsonl")], 1, "the files hold no page"),
    ):
        done = CliRunner().invoke(own_labels.main, ["--labels", "a,b", *options])
        assert done.exit_code == code
        assert told in done.output


def test_a_review_shows_what_cleaning_keeps(folder: Path) -> None:
    page = Segmenter.load(folder / "own.npz").segment(own_pages.UNSEEN)
    pieces = of_blocks(page.blocks)
    assert page.clean()
    assert Entry("k", "a", "s", page, pieces, pieces).kept() == page.clean()
