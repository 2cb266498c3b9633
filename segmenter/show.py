"""Labelled pages for people: a table for the terminal, a page for the browser."""

from __future__ import annotations

import html
import unicodedata

import click

from segmenter.errors import printable
from segmenter.explain import Reason
from segmenter.page import Block, Page

COLOURS = {
    "original_report": "green",
    "satirical_rewrite": "magenta",
    "generated_interview": "yellow",
    "boilerplate": "bright_black",
}
_OTHER_COLOURS = ("cyan", "blue", "red", "bright_green", "bright_magenta", "bright_yellow")


def colour(label: str, labels: tuple[str, ...]) -> str:
    """The terminal colour of a label; the last, which is the page's frame, is grey."""
    if label == labels[-1]:
        return "bright_black"
    return COLOURS.get(label) or _OTHER_COLOURS[labels.index(label) % len(_OTHER_COLOURS)]


def _width(char: str) -> int:
    """The columns that a character takes on a terminal."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clip(text: str, width: int) -> str:
    """The beginning of ``text`` on one line, in ``width`` columns, without control codes."""
    out: list[str] = []
    used = 0
    for char in " ".join(text[: 4 * width + 4].split()):
        shown = char if char.isprintable() else "�"
        if used + _width(shown) > width - 1:
            return "".join(out) + "…"
        out.append(shown)
        used += _width(shown)
    return "".join(out)


def row(index: int, block: Block, labels: tuple[str, ...], width: int, number: int = 1) -> str:
    """One row of the table: number, label, confidence, first words."""
    broad = max(map(len, labels))
    tint = colour(block.label, labels)
    room = max(width - number - broad - 10, 16)
    return (
        f"{index:>{number}}  "
        + click.style(f"{block.label:<{broad}}", fg=tint)
        + f"  {block.confidence:4.0%}  "
        + click.style(_clip(block.text, room), fg=tint)
    )


def heading(name: str) -> str:
    """The line above what is told of a page: its name."""
    return click.style(printable(name), bold=True)


def table(name: str, page: Page, labels: tuple[str, ...], width: int) -> str:
    """A row a block: number, label, confidence, first words; then the share of each label."""
    number = max(len(str(len(page.blocks) - 1)), 1)
    lines = [heading(name)]
    lines += [row(i, block, labels, width, number) for i, block in enumerate(page.blocks)]
    shares = page.shares()
    summary = "  ".join(
        click.style(f"{label} {shares[label]:.0%}", fg=colour(label, labels))
        for label in labels
        if label in shares
    )
    blocks = f"{len(page.blocks)} block{'' if len(page.blocks) == 1 else 's'}"
    lines.append(f"{blocks}  {summary}" if summary else f"{blocks}: no text")
    return "\n".join(lines)


def reasons(found: list[Reason], labels: tuple[str, ...], count: int) -> str:
    """The strongest features of a block, with what they add to the score of each label."""
    widths = [max(len(label), len("+0.000")) for label in labels]
    heads = "  ".join(f"{label:>{width}}" for label, width in zip(labels, widths, strict=True))
    lines = [f"{heads}  feature"]
    for reason in found[:count]:
        cells = [
            click.style(f"{weight:>+{width}.3f}", fg=colour(label, labels), bold=weight > 0.02)
            for label, width, weight in zip(labels, widths, reason.weights, strict=True)
        ]
        lines.append("  ".join(cells) + f"  {_clip(reason.feature, 60)}")
    return "\n".join(lines)


_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fdfdfc; --soft: #667; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --paper: #16181b; --soft: #9aa; } }
body { font: 1rem/1.55 Georgia, serif; color: var(--ink); background: var(--paper);
  max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.2rem; } .shares { font-family: system-ui, sans-serif; font-size: .85rem; }
.block { border-left: .45rem var(--line, solid) var(--tint); padding: .25rem 0 .25rem .9rem;
  margin: .45rem 0; white-space: pre-wrap; }
.block > small { display: block; font: .72rem system-ui, sans-serif; color: var(--soft);
  white-space: normal; }
.block > small b { color: var(--ink); }
.l0 { --tint: #0072b2; } .l1 { --tint: #d55e00; --line: double; }
.l2 { --tint: #b8860b; --line: dashed; } .l3 { --tint: #009e73; --line: groove; }
.l4 { --tint: #cc79a7; } .l5 { --tint: #56b4e9; --line: double; }
.frame { --tint: #8a8f98; --line: dotted; }
.frame > p { color: var(--soft); font-size: .9rem; } .block > p { margin: 0; }
"""
"""Hues of the palette by Okabe and Ito (2008), told apart by line style too."""

_STYLES = 6
"""Labels beside the frame that `_STYLE` tells apart; further ones begin anew."""


def web_page(pages: list[tuple[str, Page]], labels: tuple[str, ...]) -> str:
    """One self-contained HTML page with the blocks of ``pages``, each marked with its label."""
    body = []
    for name, page in pages:
        shares = page.shares()
        body.append(f"<section><h1>{html.escape(name)}</h1>")
        told = ", ".join(f"{label} {shares[label]:.0%}" for label in labels if label in shares)
        body.append(f'<p class="shares">{len(page.blocks)} blocks. {html.escape(told)}</p>')
        for index, block in enumerate(page.blocks):
            place = labels.index(block.label)
            style = "frame" if place == len(labels) - 1 else f"l{place % _STYLES}"
            body.append(
                f'<div class="block {style}"><small>{index} · <b>{html.escape(block.label)}'
                f"</b> · {block.confidence:.0%}</small><p>{html.escape(block.text)}</p></div>"
            )
        body.append("</section>")
    title = html.escape(pages[0][0] if len(pages) == 1 else f"{len(pages)} pages")
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: labelled blocks</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )
