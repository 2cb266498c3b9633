"""Manual pages from the commands: ``python -m publishing.manual`` (``make man``)."""

from __future__ import annotations

import re
import tempfile
from copy import copy
from pathlib import Path

import click
from click_man.core import write_man_pages

from segmenter import __version__
from segmenter.cli import main as commands

ROOT = Path(__file__).resolve().parents[1]


def manual_pages() -> dict[str, str]:
    """The text of each manual page by its file name; the same commands give the same text.

    The date on a page is that of the release in the list of changes.
    """
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## \S+, (.+)$", changes, re.M)
    date = found[1] if found else "unreleased"
    with tempfile.TemporaryDirectory() as folder:
        context = click.Context(commands)
        # All of them, imported and in one order, whichever were called before.
        group = copy(commands)
        group.commands = {
            name: command
            for name in commands.list_commands(context)
            if (command := commands.get_command(context, name))
        }
        write_man_pages("segmenter", group, version=__version__, target_dir=folder, date=date)
        written = sorted(Path(folder).iterdir())
        return {path.name: _as_they_are(path.read_text("utf-8")) for path in written}


def _as_they_are(text: str) -> str:
    r"""The page with the lines behind click's mark \b left as they are, as in the help."""
    return re.sub(r"^\x08\n((?:[^.\n].*\n)+)", r".nf\n\1.fi\n", text, flags=re.M)


def outdated(folder: Path) -> list[str]:
    """The names of the pages in ``folder`` that are missing, left over, or not as the commands."""
    made = manual_pages()
    there = {path.name: path.read_text("utf-8") for path in folder.glob("*.1")}
    return sorted(name for name in made.keys() | there if made.get(name) != there.get(name))


@click.command()
def main() -> None:
    """Write the manual pages into man/."""
    folder = ROOT / "man"
    folder.mkdir(exist_ok=True)
    made = manual_pages()
    for path in folder.glob("*.1"):
        path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"{len(made)} manual pages are written")


if __name__ == "__main__":
    main()
