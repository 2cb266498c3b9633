"""Writes ``datasets/README.md``: ``python -m training.datasheet``.

A datasheet in the sense of Gebru et al. (2021); every number in it is counted here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import click
import numpy as np

from training import counts, markup_counts
from training import pages as pg
from training.check_data import (
    GRAM,
    NEAR_COPY,
    OPENING,
    comic,
    coverage,
    flagged,
    honest,
    interview,
    overlaps,
)
from training.pages import DATASETS, LABELS, LabelledPage

READING = DATASETS / "second_reading.json"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def composition(pages: Sequence[LabelledPage]) -> str:
    """What the pages are, as tables."""
    lines, characters = Counter[str](), Counter[str]()
    for page in pages:
        for label, text in page.segments:
            lines[label] += sum(1 for line in text.split("\n") if line.strip())
            characters[label] += sum(not char.isspace() for char in text)
    shapes = Counter(page.details.get("shape", "none") for page in pages)
    languages = Counter(page.details.get("from_language", "none") for page in pages)
    damage = Counter(page.details.get("damage", "none") for page in pages)
    kinds = [
        ("honest: report and boilerplate only", sum(map(honest, pages))),
        ("with a comic section", sum(map(comic, pages))),
        ("with a generated interview", sum(map(interview, pages))),
        *((f"`{flag}`", sum(map(flagged(flag), pages))) for flag in ("spun", "hard", "chatty")),
        ("`genuine_qa`", sum(map(flagged("genuine_qa"), pages))),
    ]
    return "\n\n".join(
        [
            _table(
                ["label", "lines", "characters without white space"],
                [(label, f"{lines[label]:,}", f"{characters[label]:,}") for label in LABELS],
            ),
            _table(["pages", ""], kinds),
            _table(["shape", "pages"], shapes.most_common()),
            _table(["translated from", "pages"], languages.most_common(12)),
            _table(["damage", "pages"], damage.most_common()),
        ]
    )


def public() -> str:
    """The files of counts, as a table."""
    sources = json.loads(counts.SOURCES.read_text(encoding="utf-8"))
    rows = []
    for source in sources:
        path = counts.COUNTS / f"{source['name']}.npz"
        data = counts.load(path)
        told = Counter(data.label.tolist())
        rows.append(
            (
                f"`{path.name}`",
                source["origin"],
                source["licence"],
                len(np.unique(data.page)),
                told[0],
                told[3],
                told[len(LABELS)],
                int((data.weight > 0).sum()),
                f"{path.stat().st_size / 1e6:.2f}",
            )
        )
    head = ("file", "origin", "licence", "pages", "report", "boilerplate", "unknown", "used", "MB")
    return _table(head, rows)


def markup() -> str:
    """The files of counts of markup, as a table."""
    rows = [
        (
            f"`markup/{path.name}`",
            len(markup_counts.load(path).label),
            f"{path.stat().st_size / 1e6:.2f}",
        )
        for path in sorted(markup_counts.MARKUP.glob("*.npz"))
    ]
    return _table(("file", "blocks", "MB"), rows)


def datasheet() -> str:
    """The whole datasheet."""
    pages = pg.load()
    rows, short = coverage(pages)
    nearest = overlaps(pages)[:1]
    reading = json.loads(READING.read_text(encoding="utf-8"))
    words = sum(len(page.text.split()) for page in pages)
    writers = len({page.writer for page in pages})
    near = f"{nearest[0][0]:.1%} ({nearest[0][1]} and {nearest[0][2]})" if nearest else "none"
    share = reading["lines_changed"] / reading["lines_read"]
    by_label = [
        (f"`{label}`", total, reading["changed_by_label"].get(label, 0))
        for label, total in reading["lines_by_label"].items()
    ]
    targets = [(name, f"{count:,}", f"{least:,}") for name, count, least in rows]
    rules = sorted(reading["changed_by_rule"].items(), key=lambda item: -item[1])
    return f"""# Labelled pages and counts

Written by `python -m training.datasheet`; the numbers are counted from the files.

## Motivation

To train and measure a labeller that takes scraped news pages apart: the source report, a comic
rewrite of it, a made-up interview about it, and the page's boilerplate. No public set has these
labels, and the pages that need them, on sites that glue the parts together, are under copyright.

## Composition

{len(pages)} invented pages by {writers} writers, {words:,} words, in {len(list(DATASETS.glob("*.jsonl")))} files
of JSON Lines, a page a line. All persons, guests and small outlets are invented; well-known
institutions, places and leagues are real. Some pages borrow a real event's outline or figures; none
tells it as it was.

{composition(pages)}

Beside its segments a page has `id`, `source`, `writer`, `topic`, `from_language` (that the report
reads as translated from), `shape` (which parts, in which order), `genre` (of the report), `voice`
(of the comic piece), `interview` (form of the made-up interview), `flags` (`spun`: imitates a site
that spins reports; `hard`: the comic piece keeps a report's register; `chatty`: an honest report in
a personal voice; `genuine_qa`: a real question-and-answer passage), `damage` (what the scrape did).

Coverage, as `make check-data` checks it:

{_table(["kind", "pages", "target"], targets)}

{"Short of a target: " + "; ".join(short) + "." if short else "All targets are met."}

## Collection

Each writer had a share of the world, a list of voices and forms, and a plan of pages, and wrote every
page sentence by sentence, by a guide to the labels and to the habits of such sites; the writers are
language models, working apart. Programs made quotation marks uniform within a page, wrapped
lines (`hard_wrap`) and took out line breaks (`wall`); they wrote nothing.

A second reader, not the writer, checked each line of every page against the rules and changed
{reading["lines_changed"]} of {reading["lines_read"]:,} lines ({share:.2%}):

{_table(["label given by the writer", "lines", "changed"], by_label)}

{_table(["rule", "lines changed"], rules)}

Near-copies are looked for by overlapping {GRAM}-grams of words, among the pages and with the pages
that are kept for measuring; no two may share more than {NEAR_COPY:.0%} of the smaller one's. The
nearest pair shares {near}. No two comic pieces in one voice, and no two interviews in one form, open or close
with the same {OPENING} words.

## Public text, as counts

`counts/*.npz` hold public text as numbers only, a row a block, in page order:

{public()}

"Used" rows weigh in training: at most {counts.PAGE_LINES} of a label a page. Labels are derived (from the
corpus's own body text, or from what two extractions agree on), not read by people; what they leave
open is unknown. A row holds, for each hashed n-gram, how often it occurs in the block, and the
block's columns (binned counts of style and layout); and its page, size and label.

`counts/markup/*.npz` hold the same pages' markup, for the model that tells a page's article apart:
hashed tags, classes, ids and words of each block, pruned in the same way, and its layout. Origins
and licences are those of the files of the same name above; the trafilatura set's pages in other
languages take part here too.

{markup()}

What is not there: the text, the order of words, the words themselves, names (masked before hashing
in the n-grams of more than one word) and every n-gram that fewer than {counts.LEAST_PAGES} pages of the corpora have.
Someone with the hash function can test whether a given frequent word or phrase may occur in a block
(a bucket is shared by many), and so tell roughly what a block is about, or confirm that a block
comes from a text that they hold already. They cannot read a sentence back: what makes a sentence
its own, its rare words and their order, was never stored. The sources' licences allow more than
this use.

## Uses

    import json, pathlib
    pages = [json.loads(line) for path in sorted(pathlib.Path("datasets").glob("*.jsonl"))
             for line in path.read_text(encoding="utf-8").splitlines()]

or, with the `datasets` library, `load_dataset("json", data_files="datasets/*.jsonl", split="train")`.
Split by `writer`, never by page: a writer's pages share habits. A page's text is the concatenation
of its segments' texts.

Not for: training a model to write such pages; judging publishers; facts, for there are none.

## Limits

English only. The writers are language models, and more alike than {writers} people would be: figures by
leaving out a writer flatter. Comic pieces by people, above all dry ones, and genuine interviews are
written from outside. The public text is of 2008 to 2024, of few publishers, and has neither satire
nor made-up interviews.

## Licence

Apache-2.0, as the program. The counts carry the licences of their sources.
"""


@click.command()
def main() -> None:
    """Write the datasheet."""
    path = DATASETS / "README.md"
    path.write_text(datasheet(), encoding="utf-8")
    click.echo(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
