"""One measurement in a process of its own: ``python -m benchmarks.measured NAME ...`` prints JSON.

A process of its own shows the peak memory of that task alone.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from segmenter import Segmenter

PAGES = sorted(Path(__file__).parents[1].glob("datasets/pages-*.jsonl"))
"""The labelled pages, a page a line."""

SHAPES = {
    "pages": "",
    "one letter a line": "a\n",
    "one line without spaces": "a",
    "one line of words": "the river rose again ",
    "quotation marks": "“\n",
}
"""A shape's text, repeated; the first repeats the labelled pages."""


def labelled_pages() -> list[list[dict[str, str]]]:
    """The segments of each of the labelled pages."""
    lines = [line for path in PAGES for line in path.read_bytes().splitlines()]
    return [json.loads(line)["segments"] for line in lines]


def page_texts() -> list[str]:
    """The texts of the labelled pages."""
    return ["".join(segment["text"] for segment in page) for page in labelled_pages()]


def _shape(name: str, size: int) -> str:
    unit = SHAPES[name] or "\n\n".join(page_texts())
    return (unit * (size // len(unit) + 1))[:size]


def _stream(size: int) -> Iterator[str]:
    total = 0
    for text in itertools.cycle(page_texts()):
        if total >= size:
            return
        total += len(text)
        yield text


def main(kind: str, name: str, size: int) -> None:
    """Labels ``size`` characters, as one page or as a stream of pages, and prints what it took."""
    segmenter = Segmenter.load()
    segmenter.segment("Share\n\nThe river rose, police said.")
    blocks = 0
    if kind == "stream":
        texts = _stream(size)
        begin = perf_counter()
        for page in segmenter.pipe(texts):
            blocks += len(page.blocks)
    else:
        text = _shape(name, size)
        begin = perf_counter()
        blocks = len(segmenter.segment(text).blocks)
    seconds = perf_counter() - begin
    # Not getrusage: what that calls a process's peak begins with its parent's.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "blocks": blocks, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
