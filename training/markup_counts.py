"""Public pages with markup as counts: ``python -m training.markup_counts`` (``make counts``).

As in `training.counts`, no sentence enters the repository: names of elements and words are hashed,
and those that fewer than `LEAST_PAGES` pages have are left out. Each corpus with markup becomes
``datasets/counts/markup/NAME.npz``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segmenter import structure as st
from segmenter.elements import PATH_BITS
from segmenter.html import read_html
from segmenter.structure import Layout
from training.counts import COUNTS, SOURCES, corpora_option, opened
from training.markup import MarkupRows, join, read

MARKUP = COUNTS / "markup"
LEAST_PAGES = 5
_GRAMS = (("path", PATH_BITS), ("terms", st.WORD_BITS))


_NAMES = (
    "post entry-content", "articleBody lead", "author-bio", "commentlist", "photo-credit", "deck",
    "standFirst", "sub-title hidden", "sr-only", "related-links", "é", "x" * 1500,
    " ".join(f"name{number}Long" for number in range(40)),
)  # fmt: skip
_INLINE = ("b", "i", "a href=/x", "span", "time", "q", "sup", "code", "button", "label", "font")
_TEXTS = (
    "Storm shuts port", "Police said: “the port is shut”, 3 m. Then it rained for 1,5 hours…",
    "Well!", "Home|Sport", "© 2024", "The storm <br>came<br><br>on Monday &amp; left; it was told "
    "by those who had seen it, and by many who had not, in the harbour of the town.",
)  # fmt: skip


def _probe() -> str:
    """A page with some of everything that a reader or a feature might treat in its own way."""
    parts = [
        "<html><head><title>Storm shuts port - Daily</title><meta name=description content='A'>"
        "<style>p{}</style></head><body class=home><!-- note --><script>var a = '<p>';</script>"
        "<noscript><p>Switch it on.</p></noscript><template><p>Later.</p></template>"
    ]
    each = zip(
        (*st.TAGS, "ul", "ol", "dl", "figure", "table", "center", "details", "summary", "x-own"),
        itertools.cycle(_NAMES),
        itertools.cycle(_INLINE),
        itertools.cycle(_TEXTS),
        strict=False,
    )
    for tag, names, inline, text in each:
        mark = f"<{inline}>link</{inline.split()[0]}>"
        parts.append(f'<div id="{names[:99]}"><{tag} class="{names}">{text} {mark}</{tag}></div>')
        parts.append(f'<{tag} id="{tag}-main" style="display:none">{text} {tag}</{tag}>')
    parts.append("<div class='post'>" * 15 + "<p>Deep.</p>" + "</div>" * 15)
    parts.append("<table><tr><td>1<td>2<tr><th>a<td><p>b</table><ul><li>one<li><a href=/>two</a>")
    return "".join(parts)


def features_id() -> str:
    """What the features are, as a digest of those of a page that has some of everything."""
    found = st.structure([read_html(_probe())])
    digest = hashlib.sha256(repr((st.VERSION, PATH_BITS, st.WORD_BITS, st.COLUMNS)).encode())
    for array in (*found.path, *found.terms, found.columns, *found.layout):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def collect(path: Path, source: dict[str, Any]) -> MarkupRows:
    """The rows of a corpus."""
    return join(list(read(path, source["name"])))


def prune(rows: Sequence[MarkupRows]) -> list[MarkupRows]:
    """The rows without names and words that fewer than `LEAST_PAGES` pages have."""
    done = list(rows)
    for name, bits in _GRAMS:
        pages = np.zeros(1 << bits, np.int64)
        for part in done:
            counts = getattr(part, name).tocoo()
            entry = part.layout.page[counts.row] * (1 << bits) + counts.col
            pages += np.bincount(np.unique(entry) % (1 << bits), minlength=1 << bits)
        kept = sparse.diags_array((pages >= LEAST_PAGES).astype(np.float32))
        for i, part in enumerate(done):
            counts = sparse.csr_array(getattr(part, name) @ kept)
            counts.eliminate_zeros()
            done[i] = replace(part, **{name: counts})
    return done


def save(path: Path, rows: MarkupRows, source: dict[str, Any]) -> None:
    """Writes rows; the same rows give the same bytes."""
    layout = rows.layout
    groups, group = np.unique(rows.group, return_inverse=True)
    about = {**source, "features": features_id(), "groups": groups.tolist()}
    # Element numbers rise through a page, so that differences are small numbers, which pack well.
    inward = -np.diff(layout.containers, axis=1)
    arrays: dict[str, NDArray[Any]] = {
        "columns": rows.columns.T,
        "words": np.minimum(layout.words, 65535).astype(np.uint16),
        "linked": np.round(layout.linked * 255).astype(np.uint8),
        "own": np.diff(layout.containers[:, 0], prepend=0).astype(np.int32),
        "inward": inward.T.astype(np.int32),
        "signature": np.diff(layout.signature, prepend=0).astype(np.int32),
        "heading": layout.heading.astype(np.uint8),
        "page": np.diff(layout.page, prepend=0).astype(np.uint8),
        "label": (rows.label > 0.5).astype(np.uint8),
        "weight": np.round(rows.weight * 100).astype(np.uint8),
        "group": group.astype(np.uint8),
        "about": np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8),
    }
    for name, _ in _GRAMS:
        counts = getattr(rows, name).sorted_indices()
        arrays[f"{name}_counts"] = np.minimum(counts.data, 255).astype(np.uint8)
        arrays[f"{name}_lengths"] = np.diff(counts.indptr).astype(np.uint16)
        arrays[f"{name}_buckets"] = counts.indices.astype(np.int32)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path) -> MarkupRows:
    """The rows of a file of counts. Raises `CountsError` if other features made it."""
    with opened(path, features_id()) as (data, about):
        own = np.cumsum(data["own"], dtype=np.int64)
        inward = np.cumsum(data["inward"].T, axis=1, dtype=np.int64)
        layout = Layout(
            data["words"].astype(np.int64),
            data["linked"] / 255,
            np.column_stack((own, own[:, None] - inward)),
            np.cumsum(data["signature"], dtype=np.int64),
            data["heading"].astype(np.int64),
            np.cumsum(data["page"], dtype=np.int64),
        )
        blocks = len(own)
        path_counts, term_counts = (
            sparse.csr_array(
                (
                    data[f"{name}_counts"].astype(np.float32),
                    data[f"{name}_buckets"],
                    np.concatenate(([0], np.cumsum(data[f"{name}_lengths"], dtype=np.int64))),
                ),
                shape=(blocks, 1 << bits),
            )
            for name, bits in _GRAMS
        )
        return MarkupRows(
            path_counts,
            term_counts,
            np.ascontiguousarray(data["columns"].T),
            layout,
            data["label"].astype(np.float32),
            data["weight"].astype(np.float32) / 100,
            np.array(about["groups"])[data["group"]],
        )


def load_all() -> list[MarkupRows]:
    """The rows of every file in ``datasets/counts/markup``."""
    return [load(path) for path in sorted(MARKUP.glob("*.npz"))]


@click.command()
@corpora_option
def main(folder: Path) -> None:
    """Count the structure of the corpora with markup named in ``datasets/counts/sources.json``."""
    sources = [s for s in json.loads(SOURCES.read_text(encoding="utf-8")) if s.get("markup")]
    rows = prune([collect(folder / source["file"], source) for source in sources])
    MARKUP.mkdir(exist_ok=True)
    for source, part in zip(sources, rows, strict=True):
        path = MARKUP / f"{source['name']}.npz"
        save(path, part, source)
        click.echo(
            f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {part.layout.page[-1] + 1} pages, "
            f"{len(part)} blocks, {int((part.label > 0.5).sum())} of articles"
        )


if __name__ == "__main__":
    main()
