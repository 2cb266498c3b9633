"""Labelled pages as text and as HTML: ``python -m benchmarks.rendered PAGES.jsonl``.

Each page is labelled as the text that it is, and rendered into markup of our own; the same
characters are counted for both, white space not.
"""

from __future__ import annotations

from pathlib import Path

import click

from segmenter import Label, Segmenter
from segmenter.page import Page
from training import pages as pg
from training.render import generator, render

Counts = dict[str, int]


def count(page: Page, gold: list[str]) -> Counts:
    """Characters with ink, those with the right label, boilerplate, and that found."""
    total = {"all": 0, "right": 0, "boilerplate": 0, "found": 0}
    at = 0
    for block in page.blocks:
        ink = len("".join(block.text.split()))
        labels = gold[at : at + ink]
        right = labels.count(block.label)
        total["all"] += ink
        total["right"] += right
        total["boilerplate"] += labels.count(Label.BOILERPLATE)
        total["found"] += right if block.label == Label.BOILERPLATE else 0
        at += ink
    return total


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(path: Path) -> None:
    """Measure text and HTML side by side."""
    segmenter = Segmenter.load()
    sums: dict[str, Counts] = {"text": {}, "html": {}}
    for labelled in pg.load([path]):
        rendered = render(labelled, generator(labelled))
        gold = []
        for label, block in zip(rendered.labels, rendered.page.blocks, strict=True):
            text = rendered.page.text[block.start : block.end]
            gold += [label] * len("".join(text.split()))
        whole = [label for label, text in labelled.segments for _ in "".join(text.split())]
        for kind, page, truth in (
            ("text", segmenter.segment(labelled.text), whole),
            ("html", segmenter.segment_html(rendered.source), gold),
        ):
            for name, value in count(page, truth).items():
                sums[kind][name] = sums[kind].get(name, 0) + value
    for kind, total in sums.items():
        accuracy = total["right"] / total["all"]
        recall = total["found"] / total["boilerplate"]
        click.echo(f"{kind}: character accuracy {accuracy:.4f}, boilerplate recall {recall:.4f}")


if __name__ == "__main__":
    main()
