"""Public text as counts: ``python -m training.counts`` (``make counts``).

The sentences of a public corpus may not enter the repository, but what the model learns from them
may: how often each hashed n-gram occurs in a block, and the block's columns. ``sources.json`` names
the corpora; each becomes ``datasets/counts/NAME.npz``. N-grams that fewer than `LEAST_PAGES` pages
of the corpora have are left out: they teach little, and they are what a sentence could be told by.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segmenter import columns as cols
from segmenter import features as ft
from segmenter.bins import LITTLE
from segmenter.errors import SegmenterError
from training import corpora
from training.pages import DATASETS, LABELS
from training.rows import Rows, from_pages, join, neighbours

COUNTS = DATASETS / "counts"
SOURCES = COUNTS / "sources.json"
LEAST_PAGES = 5
PAGE_LINES = 12
"""Report blocks, and boilerplate blocks, of a page that take part in training, at most."""


class CountsError(SegmenterError):
    """A file of counts does not fit this version's features, or is none."""


_PROBE = """Council of Sarn closes its bridge – for 12 days
Published on: 3/4/2025, 11:07 | by A. Writer | PoliticsWhat happens next?

“We have no choice,” mayor Ida Brand, 61, told reporters on Monday, 3 March. According to the
engineers it's like a sieve: 1,840 bolts (of 2.300) were missing... Well, folks, imagine that!
**Interviewer:** Isn't NATO's café to blame? - Q: Why? A: ÉLAN #bridge @sarn http://sarn.example
Dr. Marr: It may be crucial; however, «perhaps» not. Thank you! Москва 東京
Dr. Marr: It may be crucial; however, «perhaps» not. Thank you!
* Share [Tweet] <br> & subscribe © 2025 $5 50%
SportWho won the race at Sarn?
SarnDaily: Who won it?
"""


def features_id() -> str:
    """What the features are, as a digest of those of a text that has some of everything."""
    # Lengths on either side of each bound under which a missing cue says less.
    lengths = (length for least in LITTLE for length in (least - 1, least))
    long = ["\n\n".join(" ".join(["word"] * length) for length in lengths)]
    found = ft.extract([_PROBE, _PROBE[300:] * 9, *long, ""])
    digest = hashlib.sha256(
        repr((ft.VERSION, ft.MASKED_BITS, ft.WORD_BITS, cols.column_names())).encode()
    )
    features = found.features
    for array in (
        *found.spans,
        features.columns,
        *itertools.chain(*features.masked),
        *itertools.chain(*features.words),
    ):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def collect(path: Path, source: dict[str, Any]) -> Rows:
    """The rows of a corpus, weighted: at most `PAGE_LINES` blocks of each label a page count."""
    chosen = itertools.islice(
        corpora.read(path, source["name"]), 0, source.get("pages"), source.get("every", 1)
    )
    parts = [from_pages(batch, (*LABELS, corpora.UNKNOWN)) for batch in _batches(chosen, 50)]
    rows = join(parts)
    random = np.random.default_rng(len(rows))
    weight = np.zeros(len(rows), np.float32)
    for blocks in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows.page)) + 1):
        for label in range(len(LABELS)):
            ours = blocks[rows.label[blocks] == label]
            weight[random.permutation(ours)[:PAGE_LINES]] = 1
    return replace(rows, weight=weight)


def _batches(pages: Iterable[Any], size: int) -> Iterator[Sequence[Any]]:
    pages = iter(pages)
    while batch := list(itertools.islice(pages, size)):
        yield batch


def prune(rows: Sequence[Rows]) -> list[Rows]:
    """The rows without the n-grams that fewer than `LEAST_PAGES` pages have."""
    masked = _common([r.masked for r in rows], rows)
    words = _common([r.words for r in rows], rows)
    return [
        replace(part, masked=_only(part.masked, masked), words=_only(part.words, words))
        for part in rows
    ]


def _common(counts: Sequence[sparse.csr_array], rows: Sequence[Rows]) -> NDArray[np.bool_]:
    pages = np.zeros(counts[0].shape[1], np.int64)
    for part, matrix in zip(rows, counts, strict=True):
        entry = np.repeat(part.page, np.diff(matrix.indptr)) * matrix.shape[1] + matrix.indices
        pages += np.bincount(np.unique(entry) % matrix.shape[1], minlength=len(pages))
    return pages >= LEAST_PAGES


def _only(matrix: sparse.csr_array, kept: NDArray[np.bool_]) -> sparse.csr_array:
    keep = kept[matrix.indices]
    bounds = np.concatenate(([0], np.cumsum(keep)))[matrix.indptr]
    return sparse.csr_array((matrix.data[keep], matrix.indices[keep], bounds), shape=matrix.shape)


def save(path: Path, rows: Rows, source: dict[str, Any]) -> None:
    """Writes rows; the same rows give the same bytes."""
    arrays: dict[str, Any] = {
        "columns": rows.columns[:, 0],
        "page": rows.page.astype(np.int32),
        "size": np.minimum(rows.size, 65535).astype(np.uint16),
        "label": rows.label,
        "weight": rows.weight.astype(np.uint8),
        "about": np.frombuffer(
            json.dumps({**source, "features": features_id()}, sort_keys=True).encode(), np.uint8
        ),
    }
    for name, matrix in (("masked", rows.masked), ("words", rows.words)):
        arrays[f"{name}_counts"] = np.minimum(matrix.data, 255).astype(np.uint8)
        arrays[f"{name}_lengths"] = np.diff(matrix.indptr).astype(np.uint16)
        # Buckets of a block ascend: their steps are small numbers, which pack well.
        arrays[f"{name}_steps"] = np.diff(matrix.sorted_indices().indices, prepend=0).astype(
            np.int32
        )
    np.savez_compressed(path, **arrays)


@contextmanager
def opened(path: Path, features: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The arrays of a file of counts, and what it says of itself.

    Raises `CountsError` if it is none, or if other features than ``features`` made it: also for
    what is found when its arrays are read, within the ``with``.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            about = json.loads(data["about"].tobytes())
            if about["features"] != features:
                raise CountsError(
                    f"{path}: made by features {about['features']}, these are {features}: "
                    "make the counts again with `make counts`"
                )
            yield data, about
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, zlib.error) as error:
        raise CountsError(f"{path}: no file of counts: {error}") from error


def load(path: Path) -> Rows:
    """The rows of a file of counts. Raises `CountsError` if other features made it."""
    with opened(path, features_id()) as (data, about):
        page = data["page"].astype(np.int64)
        blocks = len(page)
        masked, words = (
            sparse.csr_array(
                (
                    data[f"{name}_counts"].astype(np.float32),
                    np.cumsum(data[f"{name}_steps"], dtype=np.int32),
                    np.concatenate(([0], np.cumsum(data[f"{name}_lengths"], dtype=np.int64))),
                ),
                shape=(blocks, 1 << bits),
            )
            for name, bits in (("masked", ft.MASKED_BITS), ("words", ft.WORD_BITS))
        )
        return Rows(
            masked,
            words,
            neighbours(data["columns"], page),
            page,
            data["size"].astype(np.int64),
            data["label"],
            data["weight"].astype(np.float32),
            np.full(blocks, about["name"]),
            page.astype(str),
        )


def load_all() -> list[Rows]:
    """The rows of every file in ``datasets/counts``."""
    return [load(path) for path in sorted(COUNTS.glob("*.npz"))]


corpora_option = click.option(
    "--corpora",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder that holds the files named in sources.json.",
)


@click.command()
@corpora_option
def main(folder: Path) -> None:
    """Count the features of the corpora named in ``datasets/counts/sources.json``."""
    sources = json.loads(SOURCES.read_text(encoding="utf-8"))
    rows = prune([collect(folder / source["file"], source) for source in sources])
    for source, part in zip(sources, rows, strict=True):
        path = COUNTS / f"{source['name']}.npz"
        save(path, part, source)
        pages = len(np.unique(part.page))
        told = ", ".join(
            f"{int((part.label == i).sum())} {name}" for i, name in enumerate((*LABELS, "unknown"))
        )
        click.echo(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {pages} pages, {told}")


if __name__ == "__main__":
    main()
