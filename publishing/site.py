"""What the documentation takes from elsewhere in the checkout, as hooks of MkDocs.

Figures are never typed into a page: a line ``<!-- include: FILE | COMMAND -->`` stands for the file
that the command writes, and ``<!-- include: FILE#HEADING | COMMAND -->`` for what stands under one
heading of it. Whole pages come from elsewhere too: the model card, the datasheet, the changes and
the help of every command.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from segmenter.cli import main as commands

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "model-card.md": "segmenter/models/README.md",
    "datasheet.md": "datasets/README.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages that are files of the checkout as they are."""

PLOTS = ("segmenter/models", "benchmarks", "reports")
"""Folders whose plots the pages may show."""

_INCLUDE = re.compile(r"^<!-- include: ([^|#]+?)(?:#([^|]+?))? \| (.+?) -->$", re.M)
_IMAGE = re.compile(r"(!\[[^\]]*\]\()([^)/]+\.svg\))")
_HEADING = re.compile(r"^(#+)(?= )", re.M)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """The files of the site, with those that come from elsewhere."""
    for name, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=_IMAGE.sub(r"\1plots/\2", text)))
    files.append(File.generated(config, "commands.md", content=command_reference()))
    for folder in PLOTS:
        for path in sorted((ROOT / folder).glob("*.svg")):
            files.append(File.generated(config, f"plots/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with what it includes."""
    plots = posixpath.relpath("plots", posixpath.dirname(page.file.src_uri) or ".")
    return include(markdown, ROOT, plots)


def include(markdown: str, root: Path, plots: str = "plots") -> str:
    """``markdown`` with the files that it includes, their headings two levels down.

    Where a file has not been written, the page says so and names the command that writes it. Raises
    `PluginError` for a heading that the file has not.
    """

    def one(match: re.Match[str]) -> str:
        name, heading, command = match.groups()
        path = root / name
        if not path.exists():
            return (
                f'!!! note "Not measured in this checkout"\n    `{command}` writes these figures.'
            )
        text = path.read_text(encoding="utf-8")
        text = _under(text, heading, name) if heading else re.sub(r"\A# .*\n+", "", text)
        text = _HEADING.sub(r"##\1", text).strip()
        return _IMAGE.sub(rf"\1{plots}/\2", text)

    return _INCLUDE.sub(one, markdown)


def _under(text: str, heading: str, name: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        raise PluginError(f"{name} has no heading {heading!r}")
    return found[1]


def command_reference() -> str:
    """The help of every command, as a page."""
    context = click.Context(commands, info_name="segmenter", max_content_width=88)
    parts = ["# Commands", "What `segmenter --help` and `segmenter COMMAND --help` say."]
    parts += ["## segmenter", _fence(commands.get_help(context))]
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        if command is None or command.hidden:
            continue
        own = click.Context(command, context, info_name=name, max_content_width=88)
        parts += [f"## segmenter {name}", _fence(command.get_help(own))]
    return "\n\n".join(parts) + "\n"


def _fence(text: str) -> str:
    return f"```text\n{text}\n```"
