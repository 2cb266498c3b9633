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
        "rounds, with the lowest and the highest in brackets. Seconds are of processor time, so",
        "that other programs on the machine count for less; ratios by the clock stand beside them.",
        "Both suffer where others use the same core's caches. Scoring alone includes finding the",
        "blocks on segmenter's side; the peers get theirs ready. Growth and two processes are by",
        "the clock.",
        "",
        f"{results['machine']}; load {results['load'][0]:.1f} before and {results['load'][1]:.1f}",
        f"after (a load of 1 is this program alone); {versions}. {results['pages']} pages,",
        f"{results['characters'] / MB:.1f} million characters.",
    ]
    for part in ("text to labels", "scoring alone"):
        times, wall = results[part]
        lines += [
            "",
            f"## {part.capitalize()}",
            "",
            "| method | pages/s | MB/s | segmenter is times as fast | by the clock |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        for name, took in times.items():
            middle = statistics.median(took)
            against, by_clock = (
                _spread([a / b for a, b in zip(each[name], each["segmenter"], strict=True)])
                if name != "segmenter"
                else ""
                for each in (times, wall)
            )
            lines.append(
                f"| {name} | {results['pages'] / middle:,.0f} "
                f"| {results['characters'] / middle / MB:.1f} "
                f"| {against} | {by_clock} |"
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
    size, seconds, by_clock = results["one page"]
    cold, cold_wall = results["cold start"]
    slower, slower_wall = (
        [a / b for a, b in zip(each["segmenter"], each["import numpy"], strict=True)]
        for each in (cold, cold_wall)
    )
    lines += [
        "",
        "## Fixed costs",
        "",
        f"- One page of {size:,} characters, model loaded: {seconds * 1e3:.2f} ms",
        f"  ({by_clock * 1e3:.2f} ms by the clock).",
        "- Cold start of `segmenter clean page.txt`: "
        f"{statistics.median(cold['segmenter']):.2f} s,",
        f"  {_spread(slower)} times `import numpy`; by the clock",
        f"  {statistics.median(cold_wall['segmenter']):.2f} s, {_spread(slower_wall)} times.",
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
    times = results["text to labels"].cpu
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
