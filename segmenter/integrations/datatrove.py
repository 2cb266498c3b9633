"""datatrove: blocks of a pipeline that label, filter and clean documents.

Needs the extra ``datatrove``. Steps keep the path of a model file, not the model, so that they can
be sent to workers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from segmenter.errors import MissingExtraError
from segmenter.integrations.loading import segmenter_of
from segmenter.page import Page

try:
    from datatrove.data import Document
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.filters.base_filter import BaseFilter
    from datatrove.pipeline.formatters.base import BaseFormatter
    from datatrove.utils.batching import batched
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise MissingExtraError(
        "blocks of datatrove need the extra 'datatrove': pip install 'segmenter[datatrove]'"
    ) from error

BATCH = 100
"""Documents that are labelled together."""


class SegmentAnnotator(PipelineStep):  # type: ignore[misc]
    """Tells each document's labels in its metadata; text and order stay.

    ``metadata["shares"]``: the share of the characters of each label that is there.
    ``metadata["segments"]``: start, end, label and least confidence of each run of one label, in
    code points of the text. The characters of each label are counted in the step's statistics.
    """

    type = "🏷 - ANNOTATE"
    name = "✂ Segments"

    def __init__(self, model: Path | str | None = None, batch_size: int = BATCH) -> None:
        """``model``: path of a model file; the packaged one unless given."""
        super().__init__()
        self.model, self.batch_size = model, batch_size

    def run(self, data: Iterable[Any], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents, with metadata."""
        for batch in batched(data, self.batch_size):
            with self.track_time("batch"):
                pages = _pages(batch, self.model)
            for document, page in zip(batch, pages, strict=True):
                self.stat_update(StatHints.total)
                document.metadata["shares"] = {str(k): v for k, v in page.shares().items()}
                document.metadata["segments"] = _segments(page)
                for segment in page.segments:
                    size = segment.end - segment.start
                    self.stat_update(f"characters_{segment.label}", value=size, unit="segment")
                yield document


class SegmentFilter(BaseFilter):  # type: ignore[misc]
    """Drops documents of which too little is report, with the reason.

    A document stays if the labels in ``keep`` (the model's first, unless given) have at least
    ``min_share`` of its characters; blocks below ``min_confidence`` do not count. The reason of a
    dropped one is ``no_text``, ``unsure`` if surer blocks would have kept it, or ``mostly_`` and
    the label that it has most of. An ``exclusion_writer`` writes it elsewhere.
    """

    name = "✂ Report"

    def __init__(
        self,
        min_share: float = 0.5,
        keep: Collection[str] | None = None,
        min_confidence: float = 0.0,
        model: Path | str | None = None,
        exclusion_writer: Any = None,
        batch_size: int = BATCH,
    ) -> None:
        """What a document must hold to stay."""
        super().__init__(exclusion_writer, batch_size)
        self.min_share, self.min_confidence, self.model = min_share, min_confidence, model
        self.keep = _known(keep, model)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether one document stays, or why it does not."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        """The same for many documents: faster than one at a time."""
        return [self._judged(page) for page in _pages(batch, self.model)]

    def _judged(self, page: Page) -> bool | tuple[bool, str]:
        if not page.blocks:
            return False, "no_text"
        if _share(page, page.kept(self.keep, self.min_confidence)) >= self.min_share:
            return True
        if _share(page, page.kept(self.keep)) >= self.min_share:
            return False, "unsure"
        keep = page.labels[:1] if self.keep is None else self.keep
        others = {label: share for label, share in page.shares().items() if label not in keep}
        return False, f"mostly_{max(others, key=lambda label: others[label])}"


class ReportFormatter(BaseFormatter):  # type: ignore[misc]
    """Replaces each document's text by its cleaned text; options as of `Page.clean`."""

    name = "✂ Clean"

    def __init__(
        self,
        keep: Collection[str] | None = None,
        min_confidence: float = 0.0,
        model: Path | str | None = None,
    ) -> None:
        """What is kept, and by which model."""
        super().__init__()
        self.min_confidence, self.model = min_confidence, model
        self.keep = _known(keep, model)

    def format(self, text: str) -> str:
        """The cleaned text."""
        return segmenter_of(self.model).segment(text).clean(self.keep, self.min_confidence)


def _pages(batch: list[Document], model: Path | str | None) -> list[Page]:
    return list(segmenter_of(model).pipe(document.text for document in batch))


def _segments(page: Page) -> list[dict[str, Any]]:
    return [
        {
            "start": segment.start,
            "end": segment.end,
            "label": str(segment.label),
            "confidence": round(min(block.confidence for block in segment.blocks), 4),
        }
        for segment in page.segments
    ]


def _share(page: Page, kept: list[int]) -> float:
    size = sum(block.end - block.start for block in page.blocks)
    return sum(page.blocks[i].end - page.blocks[i].start for i in kept) / size


def _known(keep: Collection[str] | None, model: Path | str | None) -> list[str] | None:
    """The labels to keep, if the model has them."""
    if keep is None:
        return None
    labels = segmenter_of(model).model.labels
    if unknown := [label for label in keep if label not in labels]:
        raise ValueError(f"keep: {unknown[0]!r} is none of {', '.join(labels)}")
    return [str(label) for label in keep]
