"""What a process does with records: makes sense of them, labels them, chooses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from segmenter import Page, Segmenter
from segmenter.archive.settings import Settings
from segmenter.errors import InputError, SegmenterError
from segmenter.formats import Passed, RawRecord, Record, parse
from segmenter.formats.cleaned import Cleaned, Failed, Outcome
from segmenter.formats.text import without_surrogates
from segmenter.model_version import model_version

Item = tuple[str, str, RawRecord]
"""The name of a source, its format, and a record of it."""


def start(settings: Settings) -> Callable[[list[Item]], list[Outcome]]:
    """The function that labels records; loads the model."""
    segmenter = Segmenter.load(settings.model)
    return partial(label, segmenter, settings, model_version(settings.model))


def label(
    segmenter: Segmenter,
    settings: Settings,
    version: str,
    records: list[Item],
) -> list[Outcome]:
    """What becomes of each record. One that fails does not touch the others."""
    found = [_parse(raw, kind, settings) for _, kind, raw in records]
    pages = _pages(segmenter, [record for record in found if isinstance(record, Record)])
    waiting = iter(pages)
    outcomes: list[Outcome] = []
    for item, record in zip(records, found, strict=True):
        if not isinstance(record, Record):
            outcomes.append(record)
            continue
        page = next(waiting)
        if isinstance(page, Page):
            outcomes.append(_cleaned(page, record, item, segmenter, settings, version))
        else:
            outcomes.append(page)
    return outcomes


def _parse(raw: RawRecord, kind: str, settings: Settings) -> Record | Passed | Failed:
    if raw.error:
        return Failed(raw.error)
    if raw.passed:
        return Passed(raw.passed)
    try:
        return parse(raw, kind, settings.reading)
    except InputError as error:
        return Failed(str(error))


def _pages(segmenter: Segmenter, records: Sequence[Record]) -> list[Page | Failed]:
    """The page of each record; labelled together, and one by one if that fails."""
    try:
        return list(_labelled(segmenter, records))
    except SegmenterError:
        raise  # what is wrong is wrong for all pages, such as a library that is not there
    except Exception as error:  # whatever a page may bring about, it is told of and set aside
        if len(records) == 1:
            return [Failed(f"{type(error).__name__}: {error}")]
        return [page for record in records for page in _pages(segmenter, [record])]


def _labelled(segmenter: Segmenter, records: Sequence[Record]) -> list[Page]:
    html = segmenter.pipe_html(r.html for r in records if r.html is not None)
    texts = segmenter.pipe(r.text for r in records if r.html is None)
    return [next(texts if record.html is None else html) for record in records]


def _cleaned(
    page: Page,
    record: Record,
    item: Item,
    segmenter: Segmenter,
    settings: Settings,
    version: str,
) -> Cleaned:
    source, kind, raw = item
    labels = segmenter.model.labels
    text = page.clean(settings.keep or labels[:1])
    counts: Counter[str] = Counter(dict.fromkeys(labels, 0))
    for block in page.blocks:
        counts[block.label] += block.end - block.start
    dropped, reason = _choose(counts, text, settings)
    metadata = page.metadata.to_dict() if page.metadata is not None else {}
    original, original_type = b"", ""
    if settings.to.startswith("warc") and kind != "warc":
        original, original_type = _original(record)
    return Cleaned(
        record.id,
        record.url or metadata.get("url", ""),
        record.date,
        source,
        raw.place.offset,
        raw.place.inner,
        text,
        tuple((b.start, b.end, str(b.label), round(b.confidence, 4), b.text) for b in page.blocks)
        if settings.blocks or dropped
        else (),
        {str(name): counts[name] for name in labels},
        version,
        record.note,
        raw.path,
        dropped,
        reason,
        metadata,
        original,
        original_type,
    )


def _choose(counts: Counter[str], text: str, settings: Settings) -> tuple[str, str]:
    """The rule that leaves a page out, and how; empty for a page that stays."""
    total = counts.total()
    for label_, least in settings.min_share:
        share = counts[label_] / total if total else 0.0
        if share < least:
            return f"min-share {label_}", f"{label_} is {share:.4f} of it, under {least:g}"
    if settings.drop_empty and not text.strip():
        return "drop-empty", "no text is left of it"
    return "", ""


def _original(record: Record) -> tuple[bytes, str]:
    """The page as it was read, and its type, for an archive of pages that come from none."""
    if isinstance(record.html, bytes):
        return record.html, "text/html"
    if record.html is not None:
        return without_surrogates(record.html).encode(), "text/html; charset=utf-8"
    return without_surrogates(record.text).encode(), "text/plain; charset=utf-8"
