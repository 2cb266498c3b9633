"""Extractors of articles side by side: ``python -m benchmarks.html --corpora FOLDER``.

All run on the same pages, one after the other, on one core, from the page's source to the text. Our
models are fitted in the run, the one for markup and the one for text, on the stored counts less
those of the pages measured: for fundus without fundus, for the English pages of the trafilatura set
without these. The first pass over the pages warms up and gives the texts; the second is timed.
Writes ``HTML.json``, ``HTML.md`` and ``HTML.svg`` into the output folder.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import platform
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

# One core: before anything starts the threads of a linear algebra library.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import click
import numpy as np

from segmenter import Segmenter
from segmenter.model import Model
from segmenter.page import Page as SegmentedPage
from training import article, calibration, counts, fit, markup_counts
from training import pages as pg
from training.pipeline import to_model
from training.rows import from_pages
from training.variants import variants

Extract = Callable[[Sequence[str]], list[str]]
Page = dict[str, Any]

SIZE = 4


def peers() -> dict[str, tuple[str, Callable[[str], str]]]:
    """The extractors that ours is measured beside: the package, and how it is called."""
    import justext
    import newspaper
    import readability
    import trafilatura
    from lxml import html as lxml_html
    from resiliparse.extract.html2text import extract_plain_text

    stoplist = justext.get_stoplist("English")

    def by_justext(html: str) -> str:
        found = justext.justext(html.encode(), stoplist, encoding="utf-8")
        return "\n".join(p.text for p in found if not p.is_boilerplate)

    def by_readability(html: str) -> str:
        summary = readability.Document(html).summary()
        return str(lxml_html.fromstring(summary).text_content()) if summary else ""

    def by_newspaper(html: str) -> str:
        page = newspaper.Article("http://localhost/", language="en", fetch_images=False)
        page.download(input_html=html)
        page.parse()
        return str(page.text)

    def plain(html: str) -> str:
        return extract_plain_text(html, main_content=True, alt_texts=False) or ""

    return {
        "trafilatura": (
            "trafilatura",
            lambda html: trafilatura.extract(html, include_comments=False) or "",
        ),
        "trafilatura, fast": (
            "trafilatura",
            lambda html: trafilatura.extract(html, fast=True, include_comments=False) or "",
        ),
        "resiliparse": ("resiliparse", plain),
        "jusText": ("justext", by_justext),
        "readability-lxml": ("readability-lxml", by_readability),
        "newspaper4k": ("newspaper4k", by_newspaper),
    }


def one_by_one(extract: Callable[[str], str]) -> Extract:
    """The texts of pages, empty where the extractor fails."""

    def run(pages: Sequence[str]) -> list[str]:
        texts = []
        for page in pages:
            try:
                texts.append(extract(page))
            except Exception:  # a peer's failure is its result
                texts.append("")
        return texts

    return run


def fit_without(group: str, kept: Path) -> Segmenter:
    """Our models, fitted without the pages of ``group``; that for text is kept in a folder."""
    rows = [part.take(part.group != group) for part in markup_counts.load_all()]
    pages = pg.load()
    model = article.train([part for part in rows if len(part)], pages, article.Settings())
    path = kept / f"text_{group}.npz"
    if not path.exists():
        public = [part.take(part.group != group) for part in counts.load_all()]
        text_rows, others = from_pages(pages), from_pages(variants(pages))
        public = [part for part in public if len(part)]
        fitted = fit.fit(text_rows, others, public, fit.SETTINGS)
        chain = fit.chain_of(text_rows, fit.SETTINGS)
        kept.mkdir(parents=True, exist_ok=True)
        to_model(
            fitted, pg.LABELS, chain, calibration.read(), fit.retelling_of(fit.SETTINGS), {}
        ).save(path)
    return Segmenter(Model.load(path), model)


def ours(segmenter: Segmenter) -> Extract:
    """Our extractor: the body of the article, whatever its kind."""
    labels = segmenter.model.labels[:3]

    def run(pages: Sequence[str]) -> list[str]:
        return [page.clean(keep=labels) for page in segmenter.pipe_html(pages)]

    return run


DOUBTFUL = 0.15
"""The share of pages about which a second opinion is asked: those of which we are least sure."""


def ours_and(segmenter: Segmenter, extract: Callable[[str], str]) -> Extract:
    """Our extractor, and another one's text of the pages of which ours is least sure."""
    labels = segmenter.model.labels[:3]
    boilerplate = segmenter.model.labels.index("boilerplate")

    def doubt(page: SegmentedPage) -> float:
        inside = np.array([1 - block.probabilities[boilerplate] for block in page.blocks])
        size = np.array([block.end - block.start for block in page.blocks], np.float64)
        doubtful = float((size * np.minimum(inside, 1 - inside)).sum())
        return doubtful / (float((size * inside).sum()) + 1)

    def run(pages: Sequence[str]) -> list[str]:
        found = list(segmenter.pipe_html(pages))
        doubts = [doubt(page) for page in found]
        limit = float(np.quantile(doubts, 1 - DOUBTFUL))
        return [
            (extract(html) if least > limit else "") or page.clean(keep=labels)
            for html, page, least in zip(pages, found, doubts, strict=True)
        ]

    return run


def four_grams(text: str) -> Counter[tuple[str, ...]]:
    """Four-grams of words, as scrapinghub/article-extraction-benchmark counts them."""
    words = re.findall(r"\w+", text)
    if words and len(words) < SIZE:
        return Counter([tuple(words)])
    return Counter(tuple(words[i : i + SIZE]) for i in range(len(words) - SIZE + 1))


def score_bodies(pages: Sequence[Page], texts: Sequence[str]) -> dict[str, float]:
    """Precision, recall and F1 of four-grams; paragraphs in ``[...]`` count neither way."""
    precision, recall = [], []
    for page, text in zip(pages, texts, strict=True):
        sure = [p for p in page["body"] if not (p.startswith("[") and p.endswith("]"))]
        maybe = four_grams("\n".join(p.strip("[]") for p in page["body"]))
        gold, guess = four_grams("\n".join(sure)), four_grams(text)
        hit = (gold & guess).total()
        extra = (guess - (gold | maybe)).total()
        missed = (gold - guess).total()
        if hit + extra:
            precision.append(hit / (hit + extra))
        if hit + missed:
            recall.append(hit / (hit + missed))
    p, r = float(np.mean(precision)), float(np.mean(recall))
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r)}


def score_snippets(pages: Sequence[Page], texts: Sequence[str]) -> dict[str, float]:
    """Shares of the snippets found that should be, and left out that should be."""
    there = want = away = unwanted = 0
    for page, text in zip(pages, texts, strict=True):
        text = " ".join(text.split())
        found = [" ".join(snippet.split()) in text for snippet in page["with"]]
        left = [" ".join(snippet.split()) not in text for snippet in page["without"]]
        there, want = there + sum(found), want + len(found)
        away, unwanted = away + sum(left), unwanted + len(left)
    return {"with_found": there / want, "without_left_out": away / unwanted}


def read(path: Path) -> list[Page]:
    """The English pages of a corpus."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    return [page for page in pages if page.get("english", True)]


def measure(folder: Path, kept: Path) -> list[dict[str, Any]]:
    """A row an extractor."""
    sets = (
        ("fundus", read(folder / "fundus.jsonl.gz"), score_bodies),
        ("trafilatura", read(folder / "trafilatura.jsonl.gz"), score_snippets),
    )
    table: dict[str, dict[str, Any]] = {}
    for name, pages, score in sets:
        sources = [page["html"] for page in pages]
        segmenter, others = fit_without(name, kept), peers()
        runs: dict[str, tuple[str, Extract]] = {"segmenter": ("segmenter", ours(segmenter))}
        asked = ours_and(segmenter, others["trafilatura"][1])
        runs["segmenter, asking trafilatura"] = ("segmenter", asked)
        runs |= {key: (package, one_by_one(run)) for key, (package, run) in others.items()}
        for key, (package, run) in runs.items():
            texts = run(sources)
            began = time.perf_counter()
            run(sources)
            speed = len(sources) / (time.perf_counter() - began)
            row = table.setdefault(key, {"name": key, "version": version(package)})
            row[name] = {**score(pages, texts), "pages_per_second": speed}
            click.echo(f"{name} {key}: {row[name]}", err=True)
    return list(table.values())


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The table, and how it was made."""
    lines = [
        "# Articles out of HTML",
        "",
        "Written by `python -m benchmarks.html --corpora FOLDER`: one run, one core, the same "
        f"pages for all, Python {platform.python_version()}. Ours is fitted without those pages. "
        "fundus: 4-grams of the body. trafilatura set: its English pages, the share of wanted "
        "snippets found and of unwanted ones left out. Asking trafilatura: its text is taken of "
        f"the {DOUBTFUL:.0%} of pages of which ours is least sure.",
        "",
        "![accuracy against speed](HTML.svg)",
        "",
        "| extractor | version | fundus precision | recall | F1 | pages/s | trafilatura set: found "
        "| left out | pages/s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        f, t = row["fundus"], row["trafilatura"]
        lines.append(
            f"| {row['name']} | {row['version']} | {f['precision']:.3f} | {f['recall']:.3f} "
            f"| {f['f1']:.3f} | {f['pages_per_second']:.0f} | {t['with_found']:.3f} "
            f"| {t['without_left_out']:.3f} | {t['pages_per_second']:.0f} |"
        )
    return "\n".join(lines) + "\n"


def as_svg(rows: Sequence[dict[str, Any]]) -> str:
    """F1 on fundus against pages a second, on a logarithmic axis."""
    width, height, left, bottom = 720, 420, 60, 50
    speeds = [row["fundus"]["pages_per_second"] for row in rows]
    scores = [row["fundus"]["f1"] for row in rows]
    low, high = np.log10(min(speeds)) - 0.1, np.log10(max(speeds)) + 0.35
    floor, top = np.floor(min(scores) * 20) / 20, 1.0

    def place(speed: float, score: float) -> tuple[float, float]:
        x = left + (np.log10(speed) - low) / (high - low) * (width - left - 20)
        y = height - bottom - (score - floor) / (top - floor) * (height - bottom - 20)
        return float(x), float(y)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for tick in np.arange(floor, top + 0.001, 0.05):
        _, y = place(speeds[0], float(tick))
        parts.append(f'<path d="M{left} {y:.1f}H{width - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.2f}</text>')
    for tick in (5, 10, 20, 50, 100, 200, 500, 1000):
        if low <= np.log10(tick) <= high:
            x, _ = place(tick, floor)
            y = height - bottom
            parts.append(f'<path d="M{x:.1f} 20V{y}" stroke="#ddd"/>')
            parts.append(f'<text x="{x:.1f}" y="{y + 18}" text-anchor="middle">{tick}</text>')
    for row, speed, score in zip(rows, speeds, scores, strict=True):
        x, y = place(speed, score)
        colour = "#c0392b" if row["name"] == "segmenter" else "#34495e"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 9:.1f}" y="{y + 4:.1f}" fill="{colour}">{row["name"]}</text>')
    parts.append(
        f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">'
        "pages a second on one core; F1 of four-grams on fundus (up)</text></svg>"
    )
    return "\n".join(parts) + "\n"


@click.command()
@click.option(
    "--corpora",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with fundus.jsonl.gz and trafilatura.jsonl.gz.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("benchmarks"), show_default=True
)
@click.option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("reports/models"),
    show_default=True,
    help="Folder of the text models fitted here: kept, and taken when there.",
)
def main(corpora: Path, output: Path, models: Path) -> None:
    """Measure all extractors and write the table and the plot."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = measure(corpora, models)
    output.mkdir(parents=True, exist_ok=True)
    (output / "HTML.json").write_text(json.dumps(rows, indent=1) + "\n")
    (output / "HTML.md").write_text(as_markdown(rows))
    (output / "HTML.svg").write_text(as_svg(rows))
    click.echo(as_markdown(rows), nl=False)


if __name__ == "__main__":
    main()
