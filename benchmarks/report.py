"""The table and the plot of the benchmarks."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

MB = 1_000_000


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Methods took turns, one core each; ratios are medians over the",
        "rounds, with the lowest and the highest in brackets. Scoring alone includes finding the",
        "blocks on segmenter's side; the peers get theirs ready.",
        "",
        f"{results['machine']}; {versions}. {results['pages']} pages,",
        f"{results['characters'] / MB:.1f} million characters.",
    ]
    for part in ("text to labels", "scoring alone"):
        times = results[part]
        lines += [
            "",
            f"## {part.capitalize()}",
            "",
            "| method | pages/s | MB/s | segmenter is times as fast |",
            "| --- | ---: | ---: | ---: |",
        ]
        for name, took in times.items():
            middle = statistics.median(took)
            against = _spread([a / b for a, b in zip(took, times["segmenter"], strict=True)])
            lines.append(
                f"| {name} | {results['pages'] / middle:,.0f} "
                f"| {results['characters'] / middle / MB:.1f} "
                f"| {'' if name == 'segmenter' else against} |"
            )
    lines += [
        "",
        "## Steps and the memory's bandwidth",
        "",
        "Milliseconds for a million characters, and what a copy that reads a step's inputs and",
        "writes its outputs once would take: the distance is passes over memory, look-ups that",
        "miss the cache, and fixed costs of numpy's calls.",
        "",
        "| step | ms | by bandwidth | times |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {took * 1e3:.1f} | {least * 1e3:.2f} | {took / least:.0f} |"
        for name, took, least in results["steps"]
    ]
    size, seconds = results["one page"]
    cold = results["cold start"]
    slower = [a / b for a, b in zip(cold["segmenter"], cold["import numpy"], strict=True)]
    lines += [
        "",
        "## Fixed costs",
        "",
        f"- One page of {size:,} characters, model loaded: {seconds * 1e3:.2f} ms.",
        "- Cold start of `segmenter clean page.txt`: "
        f"{statistics.median(cold['segmenter']):.2f} s,",
        f"  {_spread(slower)} times `import numpy`.",
        f"- Two processes label {_spread(results['two processes'])} times as much as one.",
    ]
    if results["training"]:
        training = results["training"]
        lines.append(
            f"- Fitting the model: {training['seconds']:.0f} s, {training['peak']:.0f} MB at most."
        )
    lines += [
        "",
        "## Growth",
        "",
        "| input | MB | blocks | seconds | seconds/MB | peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {size} | {row['blocks']:,} | {row['seconds']:.2f} "
        f"| {row['seconds'] / size:.3f} | {row['peak']:.0f} |"
        for name, size, row in results["growth"]
    ]
    return "\n".join([*lines, "", "![The same as a plot](RESULTS.svg)", ""])


def plot(results: dict[str, Any], path: Path) -> None:
    """Throughput beside the peers, and time a megabyte by size."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    bars, lines = figure.subplots(1, 2)
    times = results["text to labels"]
    speeds = [results["characters"] / statistics.median(took) / MB for took in times.values()]
    bars.bar(list(times), speeds)
    bars.set_ylabel("MB/s, text to labels")
    shapes: dict[str, list[tuple[int, float]]] = {}
    for name, size, row in results["growth"]:
        shapes.setdefault(name, []).append((size, row["seconds"] / size))
    for name, points in shapes.items():
        sizes, each = zip(*points, strict=True)
        lines.plot(sizes, each, marker="o", label=name)
    lines.set(xscale="log", yscale="log", xlabel="MB", ylabel="seconds/MB")
    lines.legend(fontsize="x-small")
    figure.savefig(path, metadata={"Date": None})
