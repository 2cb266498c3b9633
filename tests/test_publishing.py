"""The documentation's includes, the manual pages, and the checks of a release."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from mkdocs.exceptions import PluginError

from publishing import manual, release, site
from segmenter.cli import main as commands

FIGURES = "# Card\n\nText.\n\n## Figures\n\n| a |\n| - |\n\n![Plot](plot.svg)\n\n## Else\n\nNo.\n"


def test_what_stands_under_a_heading_is_included(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(FIGURES)
    page = "Before\n\n<!-- include: card.md#Figures | make card -->\n\nAfter"
    made = site.include(page, tmp_path, "../plots")
    assert made == "Before\n\n| a |\n| - |\n\n![Plot](../plots/plot.svg)\n\nAfter"


def test_a_whole_file_is_included_with_lower_headings(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# Card\n\nText.\n\n## Part\n")
    assert site.include("<!-- include: card.md | x -->", tmp_path) == "Text.\n\n#### Part"


def test_a_missing_file_is_told_with_its_command(tmp_path: Path) -> None:
    made = site.include("<!-- include: none.md | make bench -->", tmp_path)
    assert "Not measured" in made
    assert "`make bench`" in made


def test_a_missing_heading_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# Card\n")
    with pytest.raises(PluginError, match=r"card\.md has no heading 'Figures'"):
        site.include("<!-- include: card.md#Figures | x -->", tmp_path)


def test_every_command_is_in_the_reference_and_has_a_manual_page() -> None:
    reference, pages = site.command_reference(), manual.manual_pages()
    names = commands.list_commands(click.Context(commands))
    assert {"label", "archive", "import"} <= set(names)
    for name in names:
        assert f"\n## segmenter {name}\n" in reference
        assert f"segmenter-{name}.1" in pages


def test_the_manual_pages_are_as_the_commands() -> None:
    assert manual.outdated(manual.ROOT / "man") == [], "run make man"


def test_lines_that_the_help_keeps_apart_are_apart_in_the_manual() -> None:
    pages = manual.manual_pages()
    assert ".nf\n  pages/SSSSS-NNNNN.SUFFIX " in pages["segmenter-archive.1"]
    assert "what has been done\n.fi\n.PP\n" in pages["segmenter-archive.1"]
    assert not any("\b" in text for text in pages.values())


def test_a_changed_page_and_one_left_over_are_outdated(tmp_path: Path) -> None:
    for name, text in manual.manual_pages().items():
        (tmp_path / name).write_text(text)
    (tmp_path / "segmenter-label.1").write_text("changed")
    (tmp_path / "segmenter-gone.1").write_text("")
    assert manual.outdated(tmp_path) == ["segmenter-gone.1", "segmenter-label.1"]


def test_the_versions_of_this_checkout_agree() -> None:
    release.check_versions(release.ROOT)


def test_versions_that_differ_are_told(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).write_text((release.ROOT / name).read_text("utf-8"))
    (tmp_path / "CITATION.cff").write_text("version: 9.9\n")
    with pytest.raises(release.CheckError, match=r"CITATION\.cff says version 9\.9"):
        release.check_versions(tmp_path)


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"12345")
    release.check_sizes([tmp_path / "a.whl"], 6)
    with pytest.raises(release.CheckError, match=r"a\.whl has 5 bytes"):
        release.check_sizes([tmp_path / "a.whl"], 5)


def test_a_command_that_fails_is_told_with_what_it_wrote() -> None:
    with pytest.raises(release.CheckError, match="ended with 3"):
        release.run("sh", "-c", "exit 3")
    assert release.run("sh", "-c", "echo yes; exit 3", code=3).stdout == "yes\n"
