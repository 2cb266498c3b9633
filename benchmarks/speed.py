"""Text to labels beside what a user would pick instead: ``python -m benchmarks.speed``.

Everything is measured in one run on one core, methods in turn, round after round, so that what else
the machine does falls on all alike. Ratios are taken within a round; their median and their range
are reported. ``--check`` runs a short form and fails when the ratio to the scikit-learn way falls
under `FLOOR` of the recorded one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from benchmarks import peers
from benchmarks.measured import SHAPES, labelled_pages, page_texts
from segmenter import Segmenter
from segmenter import characters as ch
from segmenter.decoder import decode
from segmenter.features import extract, features
from segmenter.fused import part_links
from segmenter.segmenter import GROUP
from segmenter.splitter import split, split_many
from segmenter.tokens import tokenize

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"
FLOOR = 0.6
MB = 1_000_000

Times = dict[str, list[float]]


class Turns(NamedTuple):
    """Seconds of each task in each round: of the processor, and by the clock."""

    cpu: Times
    wall: Times


def _cpu() -> float:
    """Seconds that this process and those that it started and that ended had a processor."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def in_turn(tasks: Mapping[str, Callable[[], Any]], rounds: int) -> Turns:
    """The times of each task in each round, after one round that does not count."""
    turns = Turns({name: [] for name in tasks}, {name: [] for name in tasks})
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            cpu, wall = _cpu(), perf_counter()
            task()
            if turn:
                turns.wall[name].append(perf_counter() - wall)
                turns.cpu[name].append(_cpu() - cpu)
    return turns


def ratios(times: Times, peer: str, own: str = "segmenter") -> tuple[float, float, float]:
    """How many times as fast as ``peer``: median, lowest, highest over the rounds."""
    found = [a / b for a, b in zip(times[peer], times[own], strict=True)]
    return statistics.median(found), min(found), max(found)


def labelled_blocks(every: int) -> tuple[list[str], list[str], list[str]]:
    """The texts of every so many pages, their blocks, and the label at each block's start."""
    texts, blocks, labels = [], [], []
    for segments in labelled_pages()[::every]:
        text = "".join(segment["text"] for segment in segments)
        owner = np.repeat(np.arange(len(segments)), [len(s["text"]) for s in segments])
        texts.append(text)
        for start, end in split(text):
            blocks.append(text[start:end])
            labels.append(segments[owner[start]]["label"])
    return texts, blocks, labels


def compare(every: int, rounds: int, fast_text: bool = True) -> tuple[Turns, Turns, int, int]:
    """Times from text to labels, and of scoring alone; characters and pages of the texts."""
    texts, blocks, labels = labelled_blocks(every)
    segmenter = Segmenter.load()
    batches: list[list[str]] = [[]]
    for text in texts:
        if sum(map(len, batches[-1])) >= GROUP:
            batches.append([])
        batches[-1].append(text)

    def score() -> None:
        for batch in batches:
            segmenter.model.score(extract(batch).features)

    tasks: dict[str, Callable[[], Any]] = {}
    predict = peers.scikit_learn(blocks, labels)
    tasks["scikit-learn"] = lambda: predict(blocks).argmax(axis=1)
    if fast_text:
        predict_fast = peers.fast_text(blocks, labels)
        tasks["fastText"] = lambda: [row[0] for row in predict_fast(blocks)]
    whole = in_turn(
        {
            "segmenter": lambda: [b.label for page in segmenter.pipe(texts) for b in page.blocks],
            **tasks,
        },
        rounds,
    )
    alone = in_turn({"segmenter": score, **tasks}, rounds)
    return whole, alone, sum(map(len, texts)), len(texts)


def steps() -> list[tuple[str, float, float]]:
    """Each step's seconds for a megacharacter, and what moving its data once would take."""
    source = np.zeros(1 << 23)
    target = np.empty_like(source)
    copy = min(in_turn({"copy": lambda: np.copyto(target, source)}, 9).cpu["copy"])
    bandwidth = 2 * source.nbytes / copy
    texts: list[str] = []
    for text in page_texts():
        texts.append(text)
        if sum(map(len, texts)) >= GROUP:
            break
    size = sum(map(len, texts))
    joined, bounds = "".join(texts), np.cumsum([0, *map(len, texts)])
    model = Segmenter.load().model
    codes = ch.codes(joined)
    kinds = ch.kinds(codes)
    spans = split_many(texts, codes, kinds, bounds)
    tokens = part_links(tokenize(codes, kinds, spans.starts))
    parts = np.repeat(np.arange(len(texts)), spans.counts)
    found = features(tokens, kinds, parts)
    scores = model.score(found)
    held = {
        "code points": _bytes(codes),
        "classes": _bytes(kinds),
        "spans": _bytes(spans),
        "tokens": _bytes(tokens),
        "features": _bytes(found),
        "scores": _bytes(scores),
    }
    moved = {
        "code points": size + held["code points"],
        "classes": held["code points"] + held["classes"],
        "blocks": held["code points"] + held["classes"] + held["spans"],
        "tokens": held["code points"] + held["classes"] + held["tokens"],
        "features": held["tokens"] + held["features"],
        "scores": held["features"] + held["scores"],
        "labels": 3 * held["scores"],
    }
    times = in_turn(
        {
            "code points": lambda: ch.codes(joined),
            "classes": lambda: ch.kinds(codes),
            "blocks": lambda: split_many(texts, codes, kinds, bounds),
            "tokens": lambda: part_links(tokenize(codes, kinds, spans.starts)),
            "features": lambda: features(tokens, kinds, parts),
            "scores": lambda: model.score(found),
            "labels": lambda: decode(scores, spans.counts, model.chain),
        },
        21,
    ).cpu
    return [
        (name, min(took) / size * MB, moved[name] / bandwidth / size * MB)
        for name, took in times.items()
    ]


def _bytes(value: Any) -> int:
    """The bytes of the arrays in nested tuples."""
    return value.nbytes if isinstance(value, np.ndarray) else sum(map(_bytes, value))


def one_page() -> tuple[int, float, float]:
    """Characters of the page nearest to 8 kB, and the median seconds (CPU, clock) to label it."""
    segmenter = Segmenter.load()
    text = min(page_texts(), key=lambda text: abs(len(text) - 8000))
    cpu, wall = in_turn({"page": lambda: segmenter.segment(text)}, 200)
    return len(text), statistics.median(cpu["page"]), statistics.median(wall["page"])


def cold_start(rounds: int) -> Turns:
    """Seconds of a whole process that cleans a page, and of one that imports numpy."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.txt")
        page.write_text(page_texts()[0], encoding="utf-8")
        commands = {
            "segmenter": [sys.executable, "-m", "segmenter", "clean", str(page)],
            "import numpy": [sys.executable, "-c", "import numpy"],
        }
        # Compiled modules are kept after the first call, as they are unless one forbids it.
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        tasks = {
            name: partial(subprocess.run, command, check=True, capture_output=True, env=kept)
            for name, command in commands.items()
        }
        return in_turn(tasks, rounds)


def measured(kind: str, name: str, size: int) -> dict[str, float]:
    """What a process of its own took."""
    command = [sys.executable, "-m", "benchmarks.measured", kind, name, str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def growth() -> list[tuple[str, int, dict[str, float]]]:
    """Time and peak memory by size and shape.

    A page of one-letter lines has a block for each two characters, so it is taken to 2 MB only.
    """
    rows = [("stream of pages", size, measured("stream", "pages", size * MB)) for size in SIZES]
    for name in SHAPES:
        sizes = (1, 2) if SHAPES[name].endswith("\n") else SIZES
        rows += [(f"one page: {name}", size, measured("page", name, size * MB)) for size in sizes]
    return rows


SIZES = (1, 10, 100)


def two_processes(rounds: int) -> list[float]:
    """How many times as much two processes label in the same time as one."""
    command = [sys.executable, "-m", "benchmarks.measured", "stream", "pages", str(10 * MB)]

    def run(count: int) -> float:
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
            for _ in range(count)
        ]
        return max(float(json.loads(p.communicate()[0])["seconds"]) for p in running)

    return [2 * run(1) / run(2) for _ in range(rounds)]


def training() -> dict[str, float]:
    """Seconds and peak memory of a fit, its model written elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        # Printed at the exit, since the command line of a fit ends its process.
        code = (
            "import atexit, pathlib, runpy, sys; sys.argv = ['fit', '--output', sys.argv[1]];"
            "status = pathlib.Path('/proc/self/status');"
            "peak = lambda: int(status.read_text().split('VmHWM:')[1].split()[0]) / 1024;"
            "atexit.register(lambda: print(peak()));"
            "runpy.run_module('training.fit', run_name='__main__')"
        )
        begin = perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, f"{folder}/model.npz"],
            check=True,
            capture_output=True,
            text=True,
            cwd=HERE.parent,
        )
        return {"seconds": perf_counter() - begin, "peak": float(done.stdout.split()[-1])}


def short_form() -> float:
    """The ratio to the scikit-learn way that ``--check`` looks at."""
    return ratios(compare(every=6, rounds=7, fast_text=False)[0].cpu, "scikit-learn")[0]


def check() -> int:
    """0 if the ratio holds, 1 if it fell."""
    recorded = json.loads(RECORDED.read_text())["scikit-learn"]
    found = short_form()
    print(f"{found:.2f} times as fast as scikit-learn; recorded {recorded:.2f}")
    if found < FLOOR * recorded:
        print(f"under {FLOOR:.0%} of the recorded ratio", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Runs the benchmarks and writes their table and plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="the short form")
    parser.add_argument("--train", action="store_true", help="measure a fit as well (minutes)")
    arguments = parser.parse_args()
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if not one_core.items() <= os.environ.items():
        # The libraries read these when they are loaded, so the program starts once more.
        command = [sys.executable, "-m", "benchmarks.speed", *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | one_core, check=False).returncode
    if arguments.check:
        return check()
    from benchmarks.report import plot, table

    load = os.getloadavg()[0]
    whole, alone, size, pages = compare(every=1, rounds=7)
    results = {
        "machine": f"{_processor()}, {os.cpu_count()} processors, {platform.system()}",
        "versions": {
            "Python": platform.python_version(),
            **{n: version(n) for n in ("segmenter", "numpy", "scikit-learn", "fasttext-wheel")},
        },
        "characters": size,
        "pages": pages,
        "text to labels": whole,
        "scoring alone": alone,
        "steps": steps(),
        "one page": one_page(),
        "cold start": cold_start(11),
        "two processes": two_processes(4),
        "growth": growth(),
        "training": training() if arguments.train else None,
    }
    results["load"] = (load, os.getloadavg()[0])
    (HERE / "RESULTS.md").write_text(table(results), encoding="utf-8")
    plot(results, HERE / "RESULTS.svg")
    RECORDED.write_text(json.dumps({"scikit-learn": round(short_form(), 2)}) + "\n")
    print((HERE / "RESULTS.md").read_text(encoding="utf-8"))
    return 0


def _processor() -> str:
    """The processor's name, where the system tells it."""
    path = Path("/proc/cpuinfo")
    lines: Sequence[str] = path.read_text().splitlines() if path.exists() else ()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
