"""The evaluation as one self-contained HTML page."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from training.pages import LABELS

COLOURS = dict(zip(LABELS, ("#0072b2", "#d55e00", "#b8860b", "#8a8f98"), strict=True))
"""Okabe and Ito (2008), as in the program's own pages."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fdfdfc; --line: #ccd; --soft: #667; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e4; --paper: #16181b; --line: #3a3f46; --soft: #9aa; }
  figure svg { background: #f4f4f2; }
}
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 5rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0 1.6rem; display: block;
  overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: right;
  overflow-wrap: normal; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .85rem; color: var(--soft); }
.block { border-left: .4rem solid var(--tint); padding: .1rem .7rem; margin: .3rem 0;
  font-size: .9rem; }
.wrong { background: color-mix(in srgb, #e02020 14%, transparent); }
small { color: var(--soft); } details { margin: .4rem 0; }
.features { columns: 3 14rem; font-size: .85rem; }
"""


def group_told(group: dict[str, int]) -> str:
    """What the parts that fit many models were measured on."""
    return (
        f"{group['pages']} pages, those of one in {group['of']} writers, "
        "labelled by models of the other writers' pages"
    )


def web_page(found: dict[str, Any]) -> str:
    """The page for the figures that `training.evaluate` measures."""
    overall = found["overall"]
    parts = [
        "<h1>Evaluation</h1>",
        f"<p>{found['pages']} labelled pages by {found['writers']} writers, {found['blocks']} "
        "blocks. Each page is labelled by a model that has not seen its writer (writers are left "
        f"out in {found['folds']} groups); each public source by a model that has not seen the "
        "source. White space counts for nothing.</p>",
        "<h2>Overall</h2>",
        table(["figure", ""], [[name, value] for name, value in overall.items()]),
        "<h2>Lines: labels (rows) and what they were taken for</h2>",
        table(
            ["", *LABELS, "F1"],
            [
                [label, *row, found["line_f1"].get(label, "")]
                for label, row in zip(LABELS, found["confusion_lines"], strict=True)
            ],
        ),
        _figure(confusion_plot(found["confusion_lines"]), "Share of each label's lines"),
        "<h2>Public sources</h2>",
        _table_of(found["public_sources"]),
        "<h2>Confidence</h2>",
        f"<p>Calibration error of the chosen label {found['confidence']['calibration_error']}, by "
        f"label: {_told(found['confidence']['by_label'])}. At 90% coverage, "
        f"{found['confidence']['pure_at_90_coverage']} of what is kept is report.</p>",
        _figure(reliability_plot(found["confidence"]), "Reliability"),
        _figure(precision_recall_plot(found["confidence"]), "Precision against recall"),
        _figure(risk_plot(found["confidence"]), "Purity against coverage"),
    ]
    if "group" in found:
        parts += [
            "<h2>Learning curve</h2>",
            f"<p>This and the next two parts: {group_told(found['group'])}.</p>",
            _figure(curve_plot(found["learning_curve"]), "Figures against pages trained on"),
            _curve_table(found["learning_curve"]),
            "<h2>With a part left out</h2>",
            _table_of(found["ablation"]),
            "<h2>Damaged pages</h2>",
            _table_of(found["robustness"]),
        ]
    for name, groups in found["by"].items():
        parts += [f"<h2>By {html.escape(name.replace('_', ' '))}</h2>", _table_of(groups)]
    parts.append("<h2>Strongest features</h2>")
    for label, names in found["strongest"].items():
        items = "".join(f"<div>{html.escape(name)}</div>" for name in names)
        parts.append(f"<h3>{label}</h3><div class='features'>{items}</div>")
    parts.append("<h2>The worst pages, errors marked</h2>")
    parts += [_page(page) for page in found["worst"]]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Evaluation</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table."""
    lines = ["<tr>" + "".join(f"<th>{html.escape(str(cell))}</th>" for cell in head) + "</tr>"]
    lines += [
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    ]
    return "<table>" + "".join(lines) + "</table>"


def _table_of(groups: dict[str, dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    rows = [[key, *(group.get(name, "–") for name in names)] for key, group in groups.items()]
    return table(["", *names], rows)


def _told(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _curve_table(curve: list[dict[str, Any]]) -> str:
    names = [name for name in curve[0] if name != "pages"]
    rows = [
        [point["pages"], *(" ".join(f"{v:.3f}" for v in point[name]) for name in names)]
        for point in curve
    ]
    return table(["pages", *names], rows)


def _page(page: dict[str, Any]) -> str:
    blocks = []
    for block in page["blocks"]:
        wrong = block["gold"] != block["found"]
        told = f"{block['gold']}, taken for {block['found']}" if wrong else block["gold"]
        tint = COLOURS[block["gold"]]
        blocks.append(
            f'<div class="block{" wrong" if wrong else ""}" style="--tint: {tint}">'
            f"<small>{told}</small><br>{html.escape(block['text'])}</div>"
        )
    title = f"{page['id']}: {page['wrong']:.0%} of the characters wrong"
    return f"<details><summary>{html.escape(title)}</summary>{''.join(blocks)}</details>"


def _figure(figure: Figure, caption: str) -> str:
    return f"<figure>{svg(figure)}<figcaption>{caption}</figcaption></figure>"


def svg(figure: Figure) -> str:
    """The figure as an SVG element; the same figure gives the same text."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "segmenter", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def reliability_plot(confidence: dict[str, Any]) -> Figure:
    """Share of hits against probability, by label."""
    figure = Figure(figsize=(5, 4.2), layout="constrained")
    axes = figure.add_subplot(xlabel="probability", ylabel="share that has the label")
    axes.plot([0, 1], [0, 1], color="#999", linewidth=1)
    for label, points in confidence["reliability"].items():
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], "o-", color=COLOURS[label],
            label=label, markersize=3, linewidth=1.2,
        )  # fmt: skip
    axes.legend(frameon=False, fontsize=8)
    return figure


def precision_recall_plot(confidence: dict[str, Any]) -> Figure:
    """Precision against recall of each label, with its average precision."""
    figure = Figure(figsize=(5, 4.2), layout="constrained")
    axes = figure.add_subplot(
        xlabel="recall (share of the label's characters)", ylabel="precision",
        xlim=(0, 1.01), ylim=(0, 1.01),
    )  # fmt: skip
    for label, curve in confidence["precision_recall"].items():
        if curve["points"]:
            axes.plot(
                [p[0] for p in curve["points"]], [p[1] for p in curve["points"]],
                color=COLOURS[label], linewidth=1.4,
                label=f"{label} ({curve['average_precision']:.3f})",
            )  # fmt: skip
    axes.legend(frameon=False, fontsize=8, loc="lower left", title="average precision")
    return figure


def confusion_plot(lines: Sequence[Sequence[int]]) -> Figure:
    """For each label, the shares of its lines that were taken for each."""
    figure = Figure(figsize=(5.4, 4.2), layout="constrained")
    axes = figure.add_subplot(xlabel="taken for", ylabel="label")
    shares = [[count / max(sum(row), 1) for count in row] for row in lines]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [label.replace("_", "\n") for label in LABELS]
    axes.set_xticks(range(len(LABELS)), names, fontsize=8)
    axes.set_yticks(range(len(LABELS)), names, fontsize=8)
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            axes.text(
                j, i, f"{share:.1%}", ha="center", va="center", fontsize=8,
                color="white" if share > 0.5 else "black",
            )  # fmt: skip
    return figure


def plots(found: dict[str, Any]) -> dict[str, tuple[str, Figure]]:
    """The plots of the model card by file name, each with its caption."""
    made = {
        "confusion": ("Lines: labels and what they were taken for",
                      confusion_plot(found["confusion_lines"])),
        "precision_recall": ("Precision against recall",
                             precision_recall_plot(found["confidence"])),
        "reliability": ("Reliability", reliability_plot(found["confidence"])),
        "coverage": ("Purity against coverage", risk_plot(found["confidence"])),
    }  # fmt: skip
    if "group" in found:
        curve = curve_plot(found["learning_curve"])
        caption = "Figures against pages trained on, for one group of writers"
        made["learning_curve"] = (caption, curve)
    return made


def risk_plot(confidence: dict[str, Any]) -> Figure:
    """Purity of what is kept against the share that is kept."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.add_subplot(xlabel="coverage of what is called report", ylabel="purity")
    points = confidence["risk_coverage"]
    axes.plot([p[1] for p in points], [p[2] for p in points], color=COLOURS[LABELS[0]])
    return figure


def curve_plot(curve: list[dict[str, Any]]) -> Figure:
    """The figures against the number of pages, each draw a dot."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="pages trained on", ylabel="figure", xscale="log")
    for name, colour in zip(
        ("char_accuracy", "line_macro_f1", "boundary_f1"), COLOURS.values(), strict=False
    ):
        axes.plot(
            [p["pages"] for p in curve], [sum(p[name]) / len(p[name]) for p in curve],
            color=colour, label=name,
        )  # fmt: skip
        for point in curve:
            axes.plot([point["pages"]] * len(point[name]), point[name], "o", color=colour, ms=3)
    sizes = [point["pages"] for point in curve]
    axes.set_xticks(sizes, labels=[str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.legend(frameon=False, fontsize=8)
    return figure
