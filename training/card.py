"""Writes the figures into the README and the model card: ``python -m training.card``.

Every number in them comes from ``reports/evaluation.json`` (``make evaluate``) or from the packaged
model, and the example from the program itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from segmenter import Segmenter, show
from segmenter.model import Model
from training import report
from training.evaluate import REPORTS
from training.fit import MODEL

ROOT = MODEL.parents[2]
CARD = MODEL.with_name("README.md")
FIGURES = MODEL.with_name("figures.json")

TOLD = {
    "char_accuracy": "characters with the right label",
    "line_macro_f1": "macro F1 of the labels over lines",
    "kept": "report characters kept",
    "pure": "kept characters that are report",
    "boundary_f1": "F1 of the places where the label changes",
    "recall_satirical_rewrite": "satire found",
    "recall_generated_interview": "made-up interviews found",
    "recall_boilerplate": "boilerplate found",
}


def _command(found: dict[str, Any]) -> str:
    """What makes the figures anew."""
    if found["folds"] == found["writers"]:
        return "`make evaluate`"
    return f"`python -m training.evaluate --folds {found['folds']}`"


def since(found: dict[str, Any], about: dict[str, Any]) -> str:
    """How the packaged model differs from those that were measured; empty if it does not."""
    data, settings = about["trained on"], about["settings"]
    changes = []
    # Evaluations before told no digest, and no number of variants.
    if data["data_sha256"] != found.get("data_sha256"):
        changes.append(f"to {data['pages']} pages by {data['writers']} writers")
    if data["variants"] != found.get("variants"):
        changes.append(f"with {data['variants']} variants of pages")
    names = {*settings, *found["settings"]}
    changed = sorted(n for n in names if settings.get(n) != found["settings"].get(n))
    if changed:
        changes.append(f"with other settings ({', '.join(changed)})")
    return f"the packaged model was fitted since, {' and '.join(changes)}" if changes else ""


def figures(found: dict[str, Any], about: dict[str, Any]) -> str:
    """The figures as Markdown tables."""
    later = since(found, about)
    overall = found["overall"]
    lines = [
        f"{_command(found)}: {found['pages']} pages by {found['writers']} writers, each labelled "
        "by a model that has not seen its writer.",
        *([f"These figures are of models before: {later}."] if later else []),
        "",
        "| figure | |",
        "| --- | ---: |",
        *(f"| {told} | {overall[name]:.3f} |" for name, told in TOLD.items()),
        f"| calibration error of the confidence | {found['confidence']['calibration_error']:.3f} |",
        "| kept characters that are report, at 90% coverage | "
        f"{found['confidence']['pure_at_90_coverage']:.3f} |",
        "",
        "Public pages, each source labelled by a model that has not seen it (labels of these pages "
        "are derived, not read by people):",
        "",
        "| source | pages | report kept | kept that is report | called satire or interview |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {own['pages']} | {own['kept']:.3f} | {own['pure']:.3f} | "
            f"{own['called satire or interview']:.3f} |"
            for name, own in found["public_sources"].items()
        ),
    ]
    return "\n".join(lines)


def told(found: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """What ``segmenter info`` tells of the evaluation."""
    overall, later = found["overall"], since(found, about)
    return {
        "measured by": _command(found).strip("`"),
        **({"measured before": later} if later else {}),
        **{text: round(overall[name], 3) for name, text in TOLD.items()},
    }


FEW = ("char_accuracy", "line_macro_f1", "kept", "pure", "boundary_f1")
"""The figures of the tables that compare."""

COMPARED = {
    "robustness": ("On damaged pages", "damage"),
    "ablation": ("With a part left out", "left out"),
}
"""The parts of a full evaluation that compare figures: heading, and what is varied."""


def _told(own: dict[str, float], name: str) -> str:
    """A figure, or a dash where there was nothing to measure, as no border on walls of text."""
    return f"{own[name]:.3f}" if name in own else "–"


def comparisons(found: dict[str, Any]) -> str:
    """The tables of a full evaluation that compare figures; nothing of a quick one."""
    lines = []
    for part, (heading, varied) in COMPARED.items():
        if "group" in found and part in found:
            lines += [
                f"## {heading}",
                "",
                f"Measured on {report.group_told(found['group'])}.",
                "",
                f"| {varied} | {' | '.join(TOLD[name] for name in FEW)} |",
                f"| --- |{' ---: |' * len(FEW)}",
                *(
                    f"| {name} | {' | '.join(_told(own, figure) for figure in FEW)} |"
                    for name, own in found[part].items()
                ),
                "",
            ]
    return "\n".join(lines)


def example() -> str:
    """What ``make run`` shows, without colours."""
    path = ROOT / "examples" / "page.txt"
    page = Segmenter.load().segment(path.read_text(encoding="utf-8"))
    shown = show.table("examples/page.txt", page, Model.load(MODEL).labels, 100)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\n")
    return "\n".join(["```", "$ make run", *plain, "```"])


def fill(text: str, name: str, content: str) -> str:
    """Puts ``content`` between the marks of ``name``."""
    pattern = rf"(<!-- {name}:[^>]*-->\n).*?(<!-- /{name} -->)"
    done, count = re.subn(
        pattern, lambda match: match[1] + content + "\n" + match[2], text, flags=re.S
    )
    if count != 1:
        raise ValueError(f"no place for {name}")
    return done


def card(found: dict[str, Any], about: dict[str, Any]) -> str:
    """The model card."""
    data = about["trained on"]
    images = "\n".join(
        f"![{caption}]({name}.svg)" for name, (caption, _) in report.plots(found).items()
    )
    return f"""# The packaged model

Multinomial logistic regression over hashed n-grams (TF-IDF), style, layout and overlap of blocks,
the mean of fits that each lack a group of these and of a conditional random field, with a Markov
chain over the page; where the page tells a matter twice, report and rewrite are moved apart. Fitted
by `make train`, kept in `default.npz` as plain arrays. `segmenter info` shows what it was made of.

- **For**: separating the report from comic rewrites, made-up interviews and boilerplate on scraped
  English news pages, before they are stored or searched.
- **Not for**: judging publishers, finding satire that stands alone on a page and reads like news,
  telling true from false.
- **Trained on**: {data["pages"]} invented pages by {data["writers"]} writers ({data["words"]:,}
  words; see `datasets/README.md`) and counts of public text.
- **Settings**: `{json.dumps(about["settings"])}`

## Figures

{figures(found, about)}

{images}

{comparisons(found)}
Written by `python -m training.card`.
"""


@click.command()
@click.option(
    "--report",
    "path",
    type=click.Path(exists=True, path_type=Path),
    default=REPORTS / "evaluation.json",
)
def main(path: Path) -> None:
    """Write the figures of an evaluation into the README and the model card."""
    found = json.loads(path.read_text(encoding="utf-8"))
    about = Model.load(MODEL).about
    CARD.write_text(card(found, about), encoding="utf-8")
    measured = {"data_sha256": about["trained on"]["data_sha256"], "figures": told(found, about)}
    FIGURES.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    for name, (_, figure) in report.plots(found).items():
        CARD.with_name(f"{name}.svg").write_text(report.svg(figure), encoding="utf-8")
    readme = ROOT / "README.md"
    text = fill(readme.read_text(encoding="utf-8"), "figures", figures(found, about))
    readme.write_text(fill(text, "example", example()), encoding="utf-8")
    click.echo("README.md and the model card are written")


if __name__ == "__main__":
    main()
