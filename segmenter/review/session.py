"""A review: its pages, the model that labels them, and the file that keeps what is corrected."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from segmenter.errors import InputError, SegmenterError
from segmenter.explain import explain
from segmenter.formats import Record
from segmenter.labelled import LabelledPage, check_labels
from segmenter.model_version import model_version
from segmenter.page import Page
from segmenter.review import doubt
from segmenter.review import pieces as pc
from segmenter.review.corrections import Corrections
from segmenter.review.entry import Before, Entry
from segmenter.review.pieces import Pieces
from segmenter.segmenter import Segmenter

LARGEST = 256 << 20
"""Characters of all pages together that a review holds in memory."""

BATCH = 100
"""Pages that are labelled at once when a review begins."""

REASONS = 40
"""Features that an explanation names."""


class UnknownPageError(SegmenterError):
    """There is no page with this key."""


class ConflictError(SegmenterError):
    """The page has changed since the state that a change was made to."""


class Session:
    """The state behind the application; each method may be called from any thread."""

    def __init__(self, model_path: str | None, corrections: Corrections) -> None:
        """Opens the file of corrections, whose pages are the review's first.

        Raises `SegmenterError` for a bad model or file.
        """
        self._model_path = model_path
        self.digest = model_version(model_path)
        self.segmenter = Segmenter.load(model_path)
        self.labels = tuple(self.segmenter.model.labels)
        self.corrections = corrections
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._places: dict[tuple[str, str], str] = {}
        self._size = 0
        saved = corrections.open(self.labels)
        try:
            pages = self.segmenter.pipe(page.text for page in saved)
            for labelled, page in zip(saved, pages, strict=True):
                self._restore(labelled, page)
        except BaseException:
            corrections.close()
            raise

    def _restore(self, labelled: LabelledPage, page: Page) -> None:
        """Takes up a page of the file of corrections."""
        entry = Entry(
            self._key(len(page.text)),
            labelled.id,
            labelled.source,
            page,
            pc.of_blocks(page.blocks),
            pc.of_labelled(labelled, page.blocks),
            confirmed=True,
            before=Before.from_dict(page.text, labelled.details.get("before")),
            details=labelled.details,
        )
        self._take(entry)

    def label(self, records: Sequence[Record]) -> list[Page]:
        """What the model says of the records, which are all of one kind; faster than one by one."""
        if records and records[0].html is not None:
            return list(self.segmenter.pipe_html(record.html or "" for record in records))
        return list(self.segmenter.pipe(record.text for record in records))

    def add(self, record: Record, page: Page | None = None) -> Entry:
        """The entry of a record: that of the corrected page, if it was corrected before.

        ``page`` is what `label` says of it, if that was asked already. Raises `InputError` for
        labels that the model does not know and for too much text.
        """
        labelled = record.labelled
        if labelled is not None:
            check_labels(labelled.segments, self.labels)
        if page is None:
            (page,) = self.label([record])
        base = pc.of_blocks(page.blocks)
        if labelled is not None:
            base = pc.of_labelled(labelled, page.blocks)
        with self._lock:
            known = self._places.get((record.id, page.text))
            if known is not None:
                # The page as it was read, with its markup and its fields.
                entry = self._entries[known]
                entry.page, entry.base, entry.given = page, base, labelled is not None
                entry.html = record.html
                return entry
            known_as = labelled or record.with_labels(())
            entry = Entry(
                self._key(len(page.text) + len(record.html or "")),
                record.id,
                known_as.source,
                page,
                base,
                base,
                given=labelled is not None,
                details=known_as.details,
                html=record.html,
            )
            return self._take(entry)

    def _key(self, size: int) -> str:
        self._size += size
        if self._size > LARGEST:
            self._size -= size
            raise InputError(
                f"over {LARGEST >> 20} million characters of pages; review fewer at a time"
            )
        return str(len(self._entries))

    def _take(self, entry: Entry) -> Entry:
        self._entries[entry.key] = entry
        self._places[entry.id, entry.text] = entry.key
        return entry

    def close(self) -> None:
        """Gives the file of corrections back."""
        self.corrections.close()

    def entry(self, key: str) -> Entry:
        """The page with this key. Raises `UnknownPageError`."""
        try:
            return self._entries[key]
        except KeyError:
            raise UnknownPageError(f"there is no page {key!r}") from None

    def summaries(self) -> list[dict[str, Any]]:
        """What the list of pages shows, in the order in which the pages came."""
        with self._lock:
            entries = list(self._entries.values())
        return [self.summary(entry) for entry in entries]

    def summary(self, entry: Entry) -> dict[str, Any]:
        """What the list of pages shows of one of them."""
        least_sure, wrong = doubt.page_doubt(entry, self.labels)
        sizes = dict.fromkeys(self.labels, 0)
        for start, end, label in entry.pieces:
            sizes[label] += end - start
        total = max(sum(sizes.values()), 1)
        before, now = entry.agreement(self.digest) or (None, None)
        first = entry.pieces[0] if entry.pieces else None
        return {
            "key": entry.key,
            "id": entry.id,
            "source": entry.source,
            "first": entry.text[first.start : first.end][:80] if first else "",
            "blocks": len(entry.pieces),
            "characters": total,
            "doubt": round(least_sure, 4),
            "wrong": round(wrong, 4),
            "shares": [round(sizes[label] / total, 4) for label in self.labels],
            "state": "saved" if entry.saved else "given" if entry.given else "open",
            "before": before,
            "now": now,
            "retrained": entry.before is not None and entry.before.model != self.digest,
        }

    def show(self, entry: Entry) -> dict[str, Any]:
        """All that the browser needs to show a page."""
        with self._lock:
            told = pc.probabilities(entry.pieces, entry.page.blocks)
            place = {label: i for i, label in enumerate(self.labels)}
            touched = entry.touched()
            now = _labels_of(entry.pieces, pc.of_blocks(entry.page.blocks))
            then = now
            if entry.before is not None and entry.before.model != self.digest:
                then = _labels_of(entry.pieces, entry.before.pieces)
            blocks: list[dict[str, Any]] = []
            ends = [*(piece.start for piece in entry.pieces[1:]), len(entry.text)]
            for i, (piece, row) in enumerate(zip(entry.pieces, told, strict=True)):
                likeliest = max(range(len(row)), key=row.__getitem__)
                blocks.append(
                    {
                        "start": piece.start,
                        "end": piece.end,
                        "label": piece.label,
                        "text": entry.text[piece.start : piece.end],
                        "gap": entry.text[piece.end : ends[i]],
                        "confidence": row[place[piece.label]],
                        "likeliest": self.labels[likeliest],
                        "model": now[i],
                        "was": then[i],
                        "touched": touched[i],
                    }
                )
            if blocks:
                blocks[0]["lead"] = entry.text[: entry.pieces[0].start]
            return {
                "version": entry.version,
                "confirmed": entry.confirmed,
                "html": entry.page.metadata is not None,
                "blocks": blocks,
                "kept": entry.kept(),
                "summary": self.summary(entry),
            }

    def change(self, key: str, version: str, blocks: Any, confirmed: bool) -> Entry:
        """Gives a page new pieces and saves them; they are on the disk when this returns.

        Raises `ConflictError` if ``version`` is not the page's, and `InputError` if the pieces are
        no pieces of it or cannot be saved; then nothing is changed.
        """
        with self._lock:
            entry = self.entry(key)
            if version != entry.version:
                raise ConflictError("the page was changed elsewhere in the meantime")
            found = pc.parse(entry.text, blocks, self.labels)
            old = entry.pieces, entry.confirmed, entry.before
            was_saved = entry.saved
            entry.pieces, entry.confirmed = found, confirmed
            if entry.saved and entry.before is None:
                entry.before = Before(self.digest, pc.of_blocks(entry.page.blocks))
            if not entry.saved:
                entry.before = None
            if entry.saved or was_saved:
                try:
                    self.corrections.write(
                        e.labelled().to_line() for e in self._entries.values() if e.saved
                    )
                except BaseException:
                    entry.pieces, entry.confirmed, entry.before = old
                    raise
            return entry

    def search(self, words: str) -> list[str]:
        """The keys of the pages that have ``words`` in their text or id, in any case."""
        words = words.casefold()
        with self._lock:
            entries = list(self._entries.values())
        return [
            entry.key
            for entry in entries
            if words in entry.id.casefold() or words in entry.text.casefold()
        ]

    def why(self, key: str, start: int, end: int) -> dict[str, Any]:
        """What spoke for which label, of the model's block that overlaps ``start`` to ``end`` most.

        Raises `InputError` where there is none.
        """
        entry = self.entry(key)
        # Of HTML too: its words are explained, as those of its text alone.
        page = self.segmenter.segment(entry.text)
        sizes = [
            (min(end, block.end) - max(start, block.start), -i)
            for i, block in enumerate(page.blocks)
        ]
        size, place = max(sizes, default=(0, 0))
        if size <= 0:
            raise InputError(f"there is no block between {start} and {end}")
        block = page.blocks[-place]
        reasons = explain(self.segmenter.model, entry.text, -place)
        return {
            "text": block.text,
            "same": (block.start, block.end) == (start, end),
            "html": entry.page.metadata is not None,
            "labels": list(self.labels),
            "probabilities": [round(value, 4) for value in block.probabilities],
            "sums": [
                round(sum(reason.weights[i] for reason in reasons), 3)
                for i in range(len(self.labels))
            ],
            "features": len(reasons),
            "reasons": [
                {
                    "feature": reason.feature,
                    "kind": "words" if "“" in reason.feature else "layout",
                    "weights": [round(weight, 3) for weight in reason.weights],
                }
                for reason in reasons[:REASONS]
            ],
        }

    def newer_model(self) -> bool:
        """Whether the model file has changed since it was loaded."""
        try:
            return model_version(self._model_path) != self.digest
        except SegmenterError:
            return False  # It is being written.

    def reload(self) -> None:
        """Loads the model file anew and labels all pages by it; corrected labels stay.

        Raises `SegmenterError`, and changes nothing, if it is no sound model with the same labels.
        """
        found, segmenter = model_version(self._model_path), Segmenter.load(self._model_path)
        if tuple(segmenter.model.labels) != self.labels:
            raise InputError("the new model has other labels; start the review again")
        with self._lock:
            for entry in self._entries.values():
                _relabel(entry, segmenter)
            self.segmenter, self.digest = segmenter, found


def _labels_of(pieces: Pieces, others: Pieces) -> list[str]:
    """For each piece, the label of that of ``others`` with which it shares most characters."""
    found, most = [""] * len(pieces), [0] * len(pieces)
    for start, stop, a, b in pc.overlaps(pieces, others):
        if stop - start > most[a]:
            most[a], found[a] = stop - start, others[b].label
    return found


def _relabel(entry: Entry, segmenter: Segmenter) -> None:
    """Has a page labelled anew; what a person said of it stays."""
    if entry.html is not None:
        entry.page = segmenter.segment_html(entry.html)
    else:
        entry.page = segmenter.segment(entry.text)
    fresh = pc.of_blocks(entry.page.blocks)
    if entry.saved:
        entry.confirmed = True
    elif not entry.given:
        entry.pieces = fresh
    if not entry.given:
        entry.base = fresh


def add_all(
    session: Session, records: Iterable[Record | InputError]
) -> tuple[int, list[InputError]]:
    """Adds the records; how many could be added, and what was wrong with the others."""
    count = 0
    errors: list[InputError] = []

    def readable() -> Iterator[Record]:
        for record in records:
            if isinstance(record, InputError):
                errors.append(record)
            else:
                yield record

    for _, group in itertools.groupby(readable(), lambda record: record.html is not None):
        while batch := list(itertools.islice(group, BATCH)):
            for record, page in zip(batch, session.label(batch), strict=True):
                try:
                    session.add(record, page)
                    count += 1
                except InputError as error:
                    errors.append(InputError(f"{record.where}: {error}"))
    return count, errors
