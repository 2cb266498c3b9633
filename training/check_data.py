"""Checks the labelled pages: ``python -m training.check_data`` (``make check-data``).

Refuses what is not in the page format, near-copies, and openings or closings that a voice repeats;
then compares what the pages cover with the targets, and prints the tables.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from segmenter.errors import InputError
from training import pages as pg
from training.pages import DATASETS, DETAILS, LABELS, LabelledPage

SHARED = DATASETS.parent.parent / "shared" / "pages"

GRAM = 8
"""Words of the n-grams by which copies are found."""

NEAR_COPY = 0.08
"""Share of a page's n-grams that another page may have at most."""

OPENING = 8
"""Words by which the openings and closings of pieces in one voice are compared."""

Check = Callable[[LabelledPage], bool]


@dataclass(frozen=True, slots=True)
class Target:
    """A number of pages of one kind that the set is to have at least."""

    name: str
    least: int
    holds: Check


def has(label: str) -> Check:
    """Whether a page has a segment with this label."""
    return lambda page: any(own == label for own, _ in page.segments)


def flagged(flag: str) -> Check:
    """Whether a page's ``flags`` name this one."""
    return lambda page: flag in page.flags


def honest(page: LabelledPage) -> bool:
    """Whether a page has a report, and nothing comic or made up."""
    return {label for label, _ in page.segments} <= {"original_report", "boilerplate"}


comic, interview = has("satirical_rewrite"), has("generated_interview")

TARGETS = (
    Target("pages", 600, lambda page: True),
    Target("honest news and boilerplate only", 150, honest),
    Target("genuine questions and answers in the report", 60, flagged("genuine_qa")),
    Target("comic section", 250, comic),
    Target("hard comic section", 125, lambda page: comic(page) and flagged("hard")(page)),
    Target("generated interview", 220, interview),
    Target("imitates a spun site", 200, flagged("spun")),
    Target("chatty report", 80, flagged("chatty")),
    Target("damaged scrape", 60, lambda page: page.details.get("damage", "none") != "none"),
)
LEAST_WRITERS, MOST_PAGES, LEAST_FORMS, LEAST_WORDS = 20, 40, 15, 550_000
LARGEST_SHAPE = 1 / 3


def read(paths: Iterable[Path]) -> tuple[list[LabelledPage], list[str]]:
    """The pages of files, and what is wrong with their lines."""
    pages, problems = [], []
    seen: dict[str, str] = {}
    for path in paths:
        lines = path.read_text(encoding="utf-8").split("\n")
        if lines[-1]:
            problems.append(f"{path.name}: does not end with a line break")
        for number, line in enumerate(lines[:-1] if not lines[-1] else lines, 1):
            where = f"{path.name}, line {number}"
            try:
                page = pg.parse(line)
            except InputError as error:
                problems.append(f"{where}: not in the page format: {error}")
                continue
            problems += [f"{where}, {page.id}: {fault}" for fault in faults(page, json.loads(line))]
            if page.id in seen:
                problems.append(f"{where}: the id {page.id} stands at {seen[page.id]} too")
            seen[page.id] = where
            pages.append(page)
    return pages, problems


def faults(page: LabelledPage, data: dict[str, object]) -> list[str]:
    """What is wrong with one page."""
    found = [
        f'no "{key}"'
        for key in ("id", "source", "writer", *DETAILS)
        if not isinstance(data.get(key), str) or not data[key]
    ]
    if not page.segments:
        found.append("no segments")
    for label, text in page.segments:
        if label not in LABELS:
            found.append(f"unknown label {label!r}")
        if not text.strip():
            found.append(f"an empty segment of {label}")
    for (one, text), (other, _) in zip(page.segments, page.segments[1:], strict=False):
        if one == other:
            found.append(f"two neighbouring segments of {one}")
        if not text[-1:].isspace():
            found.append(f"a segment of {one} runs into the next: {text[-30:]!r}")
    return found


def grams(text: str) -> set[int]:
    """The hashed n-grams of a text's words."""
    words = re.findall(r"\w+", text.lower())
    return {hash(tuple(words[i : i + GRAM])) for i in range(len(words) - GRAM + 1)}


def overlaps(
    pages: Sequence[LabelledPage], others: Sequence[LabelledPage] = ()
) -> list[tuple[float, str, str]]:
    """Pairs of pages that share n-grams, with the share of the smaller page, the largest first.

    ``others`` are compared with ``pages``, not with each other.
    """
    ids = [page.id for page in (*pages, *others)]
    sizes = []
    owners: dict[int, list[int]] = defaultdict(list)
    for i, page in enumerate((*pages, *others)):
        own = grams(page.text)
        sizes.append(len(own))
        for gram in own:
            owners[gram].append(i)
    shared: Counter[tuple[int, int]] = Counter()
    for group in owners.values():
        for j, b in enumerate(group):
            shared.update((a, b) for a in group[:j] if a < len(pages))
    found = [
        (count / max(1, min(sizes[a], sizes[b])), ids[a], ids[b])
        for (a, b), count in shared.items()
    ]
    return sorted(found, reverse=True)


def repeated(pages: Sequence[LabelledPage]) -> list[str]:
    """Openings and closings that comic pieces in one voice, or interviews in one form, share."""
    problems = []
    for label, key in (("satirical_rewrite", "voice"), ("generated_interview", "interview")):
        for at in ("opening", "closing"):
            seen: dict[tuple[str, ...], str] = {}
            for page in pages:
                pieces = [text for own, text in page.segments if own == label]
                if not pieces:
                    continue
                words = re.findall(r"\w+", (pieces[0] if at == "opening" else pieces[-1]).lower())
                part = words[:OPENING] if at == "opening" else words[-OPENING:]
                mark = (page.details.get(key, ""), *part)
                if mark in seen and len(part) == OPENING:
                    told = " ".join(part)
                    problems.append(f"{page.id}: {at} of its {label} as in {seen[mark]}: {told!r}")
                seen.setdefault(mark, page.id)
    return problems


def coverage(pages: Sequence[LabelledPage]) -> tuple[list[tuple[str, int, int]], list[str]]:
    """What the pages cover: (kind, how many, target) for each target, and the shortfalls."""
    rows = [(t.name, sum(map(t.holds, pages)), t.least) for t in TARGETS]
    writers = Counter(page.writer for page in pages)
    forms = {page.details.get("interview", "none") for page in pages if interview(page)}
    words = sum(len(page.text.split()) for page in pages)
    rows += [
        ("writers", len(writers), LEAST_WRITERS),
        ("forms of interview", len(forms), LEAST_FORMS),
        ("words", words, LEAST_WORDS),
    ]
    short = [f"{name}: {count}, target {least}" for name, count, least in rows if count < least]
    short += [
        f"writer {writer}: {count} pages, at most {MOST_PAGES}"
        for writer, count in writers.items()
        if count > MOST_PAGES
    ]
    shapes = Counter(page.details.get("shape") for page in pages)
    short += [
        f"shape {shape}: {count} of {len(pages)} pages, at most a third"
        for shape, count in shapes.items()
        if count > LARGEST_SHAPE * len(pages)
    ]
    return rows, short


def tables(pages: Sequence[LabelledPage]) -> str:
    """How many pages there are of each writer, shape, voice, form, language and damage."""
    parts = []
    for key in ("writer", "shape", "voice", "interview", "from_language", "genre", "damage"):
        found = Counter(
            page.writer if key == "writer" else page.details.get(key, "none") for page in pages
        )
        parts.append(f"\n{key}\n" + "\n".join(f"{n:6} {name}" for name, n in found.most_common()))
    return "\n".join(parts)


@click.command()
def main() -> None:
    """Check the labelled pages in ``datasets/`` and print what they cover."""
    pages, problems = read(sorted(DATASETS.glob("*.jsonl")))
    others = [page for path in sorted(SHARED.glob("*.jsonl")) for page in pg.load([path])]
    pairs = overlaps(pages, others)
    problems += [f"{a} and {b}: {share:.0%} alike" for share, a, b in pairs if share > NEAR_COPY]
    problems += repeated(pages)
    rows, short = coverage(pages)
    problems += short
    click.echo(tables(pages))
    click.echo("\ncoverage")
    for name, count, least in rows:
        click.echo(f"{count:8} {name} (target {least})")
    if pairs:
        click.echo(f"\nnearest pair: {pairs[0][1]} and {pairs[0][2]}, {pairs[0][0]:.2%} alike")
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
