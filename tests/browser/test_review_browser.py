from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segmenter.model import Model
from tests.browser.conftest import Open
from tests.test_review_session import biased

REPORT = "The river Orne rose by two metres on Friday, the fire brigade said. Homes stood empty."
TEXT = f"{REPORT}\n\nThe mayor told reporters that the bridge is closed.\n\n<b>Related</b> & more\n"
STALE = "was changed elsewhere"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def saved(folder: Path) -> list[dict[str, Any]]:
    path = folder / "corrections.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def segments(folder: Path) -> list[tuple[str, str]]:
    (page,) = saved(folder)
    return [(part["label"], part["text"]) for part in page["segments"]]


def labels(tab: Any) -> list[str]:
    return tab.locator(".row .label").all_text_contents()


def until(tab: Any, expression: str) -> None:
    """Waits for JavaScript to be true; the page's policy lets no script of Playwright's wait."""
    for _ in range(500):
        if tab.evaluate(expression):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(f"never came true: {expression}")


def settled(tab: Any) -> None:
    until(tab, "document.getElementById('saved').textContent.startsWith('All')")


def press(tab: Any, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)
    settled(tab)


def test_keys_label_runs_and_undo(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    press(tab, "Home", "2")
    assert labels(tab)[0] == "satirical rewrite"
    assert segments(tmp_path)[0] == ("satirical_rewrite", f"{REPORT}\n\n")
    press(tab, "Home", "Shift+ArrowDown", "Shift+ArrowDown", "3")
    assert segments(tmp_path) == [("generated_interview", TEXT)]
    press(tab, "u")
    assert segments(tmp_path)[0] == ("satirical_rewrite", f"{REPORT}\n\n")
    press(tab, "u")
    assert saved(tmp_path) == []
    assert tab.locator("[data-do=undo]").is_disabled()


def test_split_at_the_caret_and_merge(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    press(tab, "Home", "Shift+End", "1", "Home", *["ArrowRight"] * 13, "s", "4")
    texts = tab.locator(".row .text").all_inner_texts()
    assert texts[:2] == [REPORT.partition(" Homes")[0], "Homes stood empty."]
    assert segments(tmp_path)[1][1].startswith("Homes")
    press(tab, "ArrowUp", "m")
    assert tab.locator(".row .text").first.inner_text() == REPORT
    assert segments(tmp_path) == [("original_report", TEXT)]
    press(tab, "u", "u", "u")
    assert segments(tmp_path) == [("original_report", TEXT)]
    assert tab.locator(".row .text").first.inner_text() == REPORT
    # Without a place for the caret there is nothing to split.
    tab.keyboard.press("Home")
    tab.keyboard.press("s")
    until(tab, "document.getElementById('live').textContent.startsWith('Put the caret')")


def test_a_click_sets_the_caret(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    text = tab.locator(".row .text").nth(1)
    box = text.bounding_box()
    tab.mouse.click(box["x"] + 120, box["y"] + 10)
    tab.get_by_role("button", name="Split").click()
    settled(tab)
    first, second = tab.locator(".row .text").all_inner_texts()[1:3]
    assert first
    assert second
    whole = "The mayor told reporters that the bridge is closed."
    assert "".join((first + second).split()) == "".join(whole.split())
    tab.locator(".row").nth(0).click()
    tab.locator(".row").nth(2).click(modifiers=["Shift"])
    tab.get_by_role("button", name="boilerplate 4", exact=True).click()
    settled(tab)
    assert segments(tmp_path)[0][0] == "boilerplate"


def test_what_is_kept_stands_beside(page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address, viewport={"width": 1400, "height": 900})
    press(tab, "Home", "Shift+End", "4")
    assert "Nothing" in tab.locator("#kept").inner_text()
    press(tab, "Home", "1")
    assert tab.locator("#kept").inner_text().strip() == REPORT


def test_crash_and_reopen(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    first = review(str(page))
    tab = visit(first.address)
    press(tab, "Home", *["ArrowRight"] * 13, "s", "2", "ArrowDown", "3")
    expected = labels(tab), tab.locator(".row .text").all_inner_texts()
    tab.context.close()
    first.kill()
    again = visit(review(str(page)).address)
    assert (labels(again), again.locator(".row .text").all_inner_texts()) == expected
    assert again.locator(".page-state").inner_text().startswith("✓")


def test_the_same_tab_reopened(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    tab.keyboard.press("Home")
    tab.keyboard.press("3")
    settled(tab)
    tab.reload()
    tab.wait_for_selector(".row")
    assert labels(tab)[0] == "generated interview"


def test_a_server_that_died_is_told_and_the_page_can_be_kept(
    tmp_path: Path, page: Path, review: Any, visit: Open
) -> None:
    server = review(str(page))
    tab = visit(server.address)
    server.kill()
    tab.keyboard.press("Home")
    tab.keyboard.press("2")
    tab.get_by_text("does not answer").wait_for()
    assert tab.locator("#saved").inner_text() == "Not saved"
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download the page").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert "".join(part["text"] for part in kept["segments"]) == TEXT
    assert kept["segments"][0]["label"] == "satirical_rewrite"
    visit.errors[:] = [  # type: ignore[attr-defined]
        error
        for error in visit.errors  # type: ignore[attr-defined]
        if "ERR_CONNECTION_REFUSED" not in error
    ]


def test_two_tabs_show_the_same(page: Path, review: Any, visit: Open) -> None:
    address = review(str(page)).address
    one = visit(address)
    other = visit(address, one.context)
    press(one, "Home", "3")
    until(other, "document.querySelector('.row .label').textContent === 'generated interview'")
    press(other, "End", "2")
    until(
        one,
        "[...document.querySelectorAll('.row .label')].at(-1).textContent === 'satirical rewrite'",
    )


@pytest.mark.parametrize(
    ("choice", "label"),
    [("Show what is there now", "generated_interview"), ("Save mine", "satirical_rewrite")],
)
def test_two_browsers_do_not_overwrite_each_other(
    tmp_path: Path, page: Path, review: Any, visit: Open, choice: str, label: str
) -> None:
    address = review(str(page)).address
    one, other = visit(address), visit(address)
    press(one, "Home", "3")
    other.keyboard.press("Home")
    other.keyboard.press("2")
    other.get_by_text(STALE).wait_for()
    assert segments(tmp_path)[0][0] == "generated_interview"
    other.get_by_role("button", name=choice).click()
    settled(other)
    assert segments(tmp_path)[0][0] == label
    assert labels(other)[0] == label.replace("_", " ")
    press(other, "Home", "Shift+End", "3")
    assert segments(tmp_path) == [("generated_interview", TEXT)]
    conflict = "409"
    visit.errors[:] = [e for e in visit.errors if conflict not in e]  # type: ignore[attr-defined]


def test_files_are_dropped_chosen_and_pasted(
    tmp_path: Path, page: Path, review: Any, visit: Open
) -> None:
    tab = visit(review(str(page)).address)
    html = f"<!doctype html><article><h1>Flood</h1><p>{REPORT}</p></article>"
    tab.evaluate(
        """html => {
          const data = new DataTransfer();
          data.items.add(new File([html], "dropped.html", { type: "text/html" }));
          for (const type of ["dragenter", "dragover", "drop"]) {
            const options = { dataTransfer: data, bubbles: true, cancelable: true };
            const event = new DragEvent(type, options);
            document.getElementById("blocks").dispatchEvent(event);
          }
        }""",
        html,
    )
    tab.get_by_role("heading", name="dropped.html").wait_for()
    assert REPORT in tab.locator("#blocks").inner_text()
    tab.get_by_role("button", name="Add a page").click()
    tab.locator("#paste-text").fill("A pasted page.\n\nWith two blocks.")
    tab.get_by_role("button", name="Segment it").click()
    tab.get_by_role("heading", name=re.compile("^pasted")).wait_for()
    press(tab, "2")
    assert saved(tmp_path)[0]["id"].startswith("pasted ")
    tab.get_by_role("button", name="Add a page").click()
    tab.locator("#paste-files").set_input_files(
        {"name": "bad.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 x"}
    )
    tab.get_by_text("bad.pdf: is a binary file").wait_for()
    tab.get_by_role("button", name="Close").click()
    visit.errors[:] = [e for e in visit.errors if "422" not in e]  # type: ignore[attr-defined]


def test_why_is_one_click_away(page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    row = tab.locator(".row").first
    row.hover()
    row.locator(".why").click()
    dialog = tab.get_by_role("dialog", name="Why this label?")
    dialog.get_by_text("sum of all").wait_for()
    assert dialog.locator("tbody th.words").count() > 0
    assert dialog.locator("tbody th.layout").count() > 0
    assert "The model says" in dialog.inner_text()


def test_keys_are_shown_and_can_be_turned_off(page: Path, review: Any, visit: Open) -> None:
    tab = visit(review(str(page)).address)
    before = labels(tab)
    tab.keyboard.press("?")
    dialog = tab.get_by_role("dialog", name="Keys")
    assert "generated interview" in dialog.inner_text()
    dialog.get_by_role("checkbox").uncheck()
    tab.keyboard.press("Escape")
    press(tab, "Home", "3")
    assert labels(tab) == before


def test_pages_are_ordered_searched_and_filtered(
    tmp_path: Path, page: Path, review: Any, visit: Open
) -> None:
    doubtful = {
        "id": "doubtful",
        "segments": [{"label": "generated_interview", "text": TEXT.replace("Orne", "Loire")}],
    }
    (tmp_path / "more.jsonl").write_text(json.dumps(doubtful) + "\n")
    tab = visit(review(str(page), "more.jsonl").address, viewport={"width": 1400, "height": 900})
    names = tab.locator("#pages .name")
    assert names.first.inner_text() == "doubtful"
    tab.get_by_label("Search").fill("ORNE")
    until(tab, "document.querySelectorAll('#pages li').length === 1")
    assert names.inner_text() == str(page)
    tab.get_by_label("Search").fill("")
    until(tab, "document.querySelectorAll('#pages li').length === 2")
    tab.locator("#blocks .row").first.click()
    tab.keyboard.press("c")
    settled(tab)
    tab.get_by_label("Show").select_option("open")
    assert names.count() == 1
    tab.get_by_label("Show").select_option("saved")
    assert names.all_inner_texts() == ["doubtful"]


def test_a_new_model_is_told_and_compared(
    tmp_path: Path, page: Path, review: Any, visit: Open
) -> None:
    model = tmp_path / "model.npz"
    biased(model, "boilerplate")
    tab = visit(review(str(page), "--model", str(model)).address)
    press(tab, "Home", "Shift+End", "2")
    told = tab.locator("#loop").text_content()
    assert f"make train EXTRA='{tmp_path / 'corrections.jsonl'}'" in told
    biased(model, "satirical_rewrite")
    tab.reload()
    tab.get_by_role("button", name="Label all pages by it").click()
    tab.get_by_text("on 0% of the text before, on 100% now").first.wait_for()
    assert "was boilerplate, now satirical rewrite" in tab.locator("#blocks").inner_text()


def test_the_last_label_of_any_model_is_folded(tmp_path: Path, review: Any, visit: Open) -> None:
    model, path = tmp_path / "model.npz", tmp_path / "long.txt"
    biased(model, "boilerplate")
    own = Model.load(model)
    replace(own, labels=(*own.labels[:-1], "page_frame")).save(model)
    path.write_text("".join(f"{REPORT} Number {i}.\n\n" for i in range(9)))
    tab = visit(review(str(path), "--model", str(model)).address)
    assert tab.locator(".fold .label").all_inner_texts() == ["9 blocks of page frame"]


def test_a_line_of_a_long_page_is_not_rounded_away(
    tmp_path: Path, review: Any, visit: Open
) -> None:
    model, path = tmp_path / "model.npz", tmp_path / "long.txt"
    biased(model, "original_report")
    path.write_text("".join(f"{REPORT} Number {i}.\n\n" for i in range(30)) + "(ab)\n")
    tab = visit(review(str(path), "--model", str(model)).address)
    press(tab, "End", "4")
    tab.get_by_text("agrees with these labels on over 99% of the text").wait_for()


def test_400_blocks_without_lag(tmp_path: Path, review: Any, visit: Open) -> None:
    path = tmp_path / "long.txt"
    path.write_text("".join(f"{REPORT} Number {i}.\n\n" for i in range(400)))
    tab = visit(review(str(path)).address, viewport={"width": 1400, "height": 900})
    assert tab.locator(".row").count() == 400
    tab.keyboard.press("Home")
    took = tab.evaluate(
        """async () => {
          const times = [];
          for (const key of ["3", "ArrowDown", "2", "ArrowDown", "3", "End", "2", "Home", "1"]) {
            const began = performance.now();
            const event = new KeyboardEvent("keydown", { key, bubbles: true });
            document.activeElement.dispatchEvent(event);
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            times.push(performance.now() - began);
          }
          return times;
        }"""
    )
    settled(tab)
    # What feels instant: Nielsen, Response Times (1993). With room for a busy machine.
    assert sorted(took)[len(took) // 2] < 100, took


def test_touch_on_a_phone(tmp_path: Path, page: Path, review: Any, visit: Open) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    tab = visit(review(str(page)).address, **phone)
    tab.locator(".row").nth(1).tap()
    tab.get_by_role("button", name="generated interview").tap()
    settled(tab)
    assert ("generated_interview", "The mayor told reporters that the bridge is closed.\n\n") in (
        segments(tmp_path)
    )
    tab.get_by_role("button", name="Kept").tap()
    assert REPORT in tab.locator("#kept").inner_text() or tab.locator("#kept").is_visible()
    tab.get_by_role("button", name="Pages").tap()
    tab.locator("#pages button").first.tap()
    tab.locator("#blocks").wait_for()
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_what_a_page_says_is_text_and_no_markup(tmp_path: Path, review: Any, visit: Open) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.txt"
    path.write_text("<script>document.title = 'taken'</script>\n\n<img src=x onerror=alert(1)>\n")
    tab = visit(review(str(path)).address)
    assert "<img src=x" in tab.locator("#page-title").inner_text()
    assert tab.locator("#blocks img, #blocks script, #pages img").count() == 0
    assert "taken" not in tab.title().split(":")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
def test_no_barrier_that_axe_finds(
    tmp_path: Path, page: Path, review: Any, visit: Open, scheme: str, size: tuple[int, int]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    (tmp_path / "frame.txt").write_text("Share\n\nPrint\n\nTweet\n\nMail\n\n" + TEXT)
    width, height = size
    tab = visit(
        review(str(page), "frame.txt").address,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
    )
    press(tab, "Home", "2", "ArrowDown", "3")

    def violations() -> list[Any]:
        found = axe.run(tab).response["violations"]
        return [(v["id"], [node["target"] for node in v["nodes"]][:5]) for v in found]

    assert violations() == []
    for view in ("Pages", "Kept") if width < 1000 else ():
        tab.get_by_role("button", name=view).click()
        assert violations() == []
    for key, name in (("?", "Keys"), ("e", "Why this label?")):
        tab.keyboard.press(key)
        tab.get_by_role("dialog", name=name).wait_for()
        tab.wait_for_timeout(300)
        assert violations() == []
        tab.keyboard.press("Escape")
