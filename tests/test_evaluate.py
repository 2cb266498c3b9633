from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from tests.training_pages import pages
from training import evaluate, report, tune
from training.card import card, figures, fill, since, told
from training.curves import precision_recall
from training.damage import DAMAGES
from training.fit import SETTINGS
from training.folds import Pages, decode_folds, held_out
from training.rows import from_pages


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    """All figures, of a few small pages."""
    patch = pytest.MonkeyPatch()
    patch.setattr(evaluate, "FOLDS", 2)
    patch.setattr(evaluate, "CURVE", (0.75, 1.0))
    patch.setattr(evaluate, "DRAWS", 2)
    patch.setattr(evaluate.pg, "load", pages)
    public = replace(from_pages(pages()[1::4]), group=from_pages(pages()[1::4]).source)
    patch.setattr(evaluate.counts, "load_all", lambda: [public])
    patch.setattr(evaluate.calibration, "write", lambda calibration: None)
    patch.setattr(
        evaluate, "ablations", lambda settings: {"all": settings, "c": replace(settings, c=1.0)}
    )
    result = evaluate.measure(quick=False)
    patch.undo()
    return json.loads(json.dumps(result))


def fitted_on(found: dict[str, object]) -> dict[str, object]:
    """What a model of the same pages and settings tells of itself."""
    data = {name: found[name] for name in ("pages", "writers", "words", "variants", "data_sha256")}
    return {"trained on": data, "settings": found["settings"]}


def test_every_part_of_the_evaluation_is_there(found: dict[str, dict[str, object]]) -> None:
    assert found["pages"] == 8
    assert found["overall"]["char_accuracy"] > 0.5
    assert {len(group) for group in found["by"].values()} >= {1}
    assert set(found["robustness"]) == {"none", *DAMAGES}
    some, whole = found["learning_curve"]
    assert some["pages"] < whole["pages"] == found["pages"] - found["group"]["pages"]
    assert [len(point["char_accuracy"]) for point in (some, whole)] == [2, 1]
    assert set(found["ablation"]) == {"all", "c"}
    assert 0 < found["group"]["pages"] < found["pages"]
    assert found["ablation"]["all"] == found["robustness"]["none"]
    assert all(len(names) > 10 for names in found["strongest"].values())


def test_the_report_is_one_page_with_all_of_it(found: dict[str, object]) -> None:
    shown = report.web_page(found)
    assert shown.count("<svg") == 5
    for part in (
        "Precision against recall",
        "By writer",
        "Learning curve",
        "Damaged pages",
        "Public sources",
        "Strongest",
        "taken for",
    ):
        assert part in shown
    assert not re.search(r'(src|href)="?http|@import', shown)


def test_figures_go_into_readme_and_card(found: dict[str, object]) -> None:
    about = fitted_on(found)
    tables = figures(found, about)
    assert f"{found['overall']['kept']:.3f}" in tables
    text = fill("a\n<!-- figures: x -->\nold\n<!-- /figures -->\nb\n", "figures", tables)
    assert "old" not in text
    assert text.startswith("a\n")
    shown = card(found, about)
    assert "8 invented pages" in shown
    assert set(re.findall(r"\((\w+)\.svg\)", shown)) == set(report.plots(found))
    assert "learning_curve" in report.plots(found)
    for part in ("robustness", "ablation"):
        for name, own in found[part].items():
            assert f"| {name} | {own['char_accuracy']:.3f} |" in shown
    quick = {k: v for k, v in found.items() if k not in ("robustness", "ablation")}
    assert "## On damaged pages" not in card(quick, about)
    with pytest.raises(ValueError, match="no place"):
        fill("nothing", "figures", tables)


def test_figures_of_a_model_before_say_so(found: dict[str, object]) -> None:
    same = fitted_on(found)
    assert since(found, same) == ""
    assert "models before" not in figures(found, same)
    assert "measured before" not in told(found, same)
    corrected = same | {"trained on": same["trained on"] | {"data_sha256": "of other labels"}}
    assert since(found, corrected).startswith("the packaged model was fitted since, to 8 pages by ")
    varied = same | {"trained on": same["trained on"] | {"variants": 99}}
    assert since(found, varied) == "the packaged model was fitted since, with 99 variants of pages"
    other = corrected | {"settings": found["settings"] | {"c": 7.0}}
    assert since(found, other).endswith("writers and with other settings (c)")
    assert f"These figures are of models before: {since(found, other)}." in figures(found, other)
    assert told(found, other)["measured before"] == since(found, other)


def test_errors_are_marked_in_place(found: dict[str, object]) -> None:
    blocks = [
        {"gold": "boilerplate", "found": "original_report", "text": "A <b>"},
        {"gold": "boilerplate", "found": "boilerplate", "text": "fine"},
    ]
    worst = [{"id": "p", "wrong": 0.5, "blocks": blocks}]
    shown = report.web_page({**found, "worst": worst})
    assert shown.count('class="block wrong"') == 1
    assert "boilerplate, taken for original_report</small><br>A &lt;b&gt;" in shown


def test_precision_and_recall_of_a_threshold() -> None:
    probability, hit = np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False])
    weight = np.array([1.0, 1.0, 3.0, 5.0])
    found = precision_recall(probability, hit, weight)
    points = dict(found["points"])
    # At 0.9: 1 of the 4 characters, all right. At 0.7: all 4, with 1 that is wrong.
    assert points[0.25] == 1
    assert points[1.0] == pytest.approx(4 / 5)
    assert found["average_precision"] == pytest.approx(0.25 + 0.75 * 4 / 5)
    assert precision_recall(probability, np.zeros(4, bool), weight)["points"] == []


def test_folds_by_number_keep_writers_together() -> None:
    data = Pages.of(pages())
    scores, chains, fold = held_out(data, [], SETTINGS, folds=2, jobs=1)
    assert len(chains) == 2
    writers = {page.writer: number for page, number in zip(data.pages, fold, strict=True)}
    assert all(
        writers[page.writer] == number for page, number in zip(data.pages, fold, strict=True)
    )
    assert len(decode_folds(data, scores, chains, fold)[0]) == len(data.rows)


def test_the_search_measures_each_change() -> None:
    data = Pages.of(pages())
    changes = [("as it is", SETTINGS), *tune.decoding(SETTINGS)]
    found = tune.measure(data, [], SETTINGS, 2, changes)
    assert list(found) == [name for name, _ in changes]
    scores, chains, fold = held_out(data, [], SETTINGS, folds=2, jobs=1)
    expected = data.tally(decode_folds(data, scores, chains, fold)[0]).figures()
    assert all(expected[name] == value for name, value in found["as it is"].items())
    assert all(changed != SETTINGS for _, changed in tune.fitting(SETTINGS))


def test_a_group_is_labelled_by_a_model_of_the_others() -> None:
    group = evaluate.Group.of(Pages.of(pages()), [], SETTINGS)
    unseen = {page.writer for page in group.unseen.pages}
    assert unseen
    assert not unseen & {page.writer for page in group.seen.pages}
    bare = group.after(replace(SETTINGS, retelling=0.0))
    assert bare.fitted is group.fitted
    assert bare.settings.retelling == 0
    other = group.after(replace(SETTINGS, c=1.0))
    one, two = (own.fitted.named_steps["regression"].coef_ for own in (group, other))
    assert np.abs(one - two).max() > 0.1
