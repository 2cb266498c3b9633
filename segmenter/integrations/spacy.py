"""spaCy: a component that marks a document's segments, registered as ``segmenter``.

``doc.spans["segments"]`` has a span for each run of one label, with that label; ``doc._.report`` is
the cleaned text. Needs the extra ``spacy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segmenter.errors import MissingExtraError
from segmenter.integrations.loading import segmenter_of
from segmenter.page import Page

try:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.util import minibatch
except ImportError as error:
    raise MissingExtraError(
        "the component needs the extra 'spacy': pip install 'segmenter[spacy]'"
    ) from error

SPANS = "segments"
BATCH = 256
"""Documents that are labelled together."""


class SegmentComponent:
    """Labels documents; see the module."""

    def __init__(
        self, keep: list[str] | None = None, min_confidence: float = 0.0, model: str | None = None
    ) -> None:
        """What the report keeps, as of `Page.clean`. Raises `ValueError` for an unknown label."""
        labels = segmenter_of(model).model.labels
        if unknown := [label for label in keep or () if label not in labels]:
            raise ValueError(f"keep: {unknown[0]!r} is none of {', '.join(labels)}")
        self.keep, self.min_confidence, self.model = keep, min_confidence, model
        if not Doc.has_extension("report"):
            Doc.set_extension("report", default=None)

    def __call__(self, doc: Any) -> Any:
        """The document, marked."""
        return self._marked(doc, segmenter_of(self.model).segment(doc.text))

    def pipe(self, stream: Iterable[Any], batch_size: int = BATCH) -> Iterator[Any]:
        """The documents, marked: faster than one at a time."""
        for batch in minibatch(stream, batch_size):
            pages = segmenter_of(self.model).pipe(doc.text for doc in batch)
            for doc, page in zip(batch, pages, strict=True):
                yield self._marked(doc, page)

    def _marked(self, doc: Any, page: Page) -> Any:
        # A token that stands across an edge belongs to the segment that it begins in.
        spans, last = [], 0
        for segment in page.segments:
            span = doc.char_span(
                segment.start, segment.end, label=str(segment.label), alignment_mode="expand"
            )
            start = max(span.start, last)
            if start < span.end:
                spans.append(doc[start : span.end])
                spans[-1].label_ = str(segment.label)
                last = span.end
        doc.spans[SPANS] = spans
        doc._.report = page.clean(self.keep, self.min_confidence)
        return doc


def make(
    nlp: Any, name: str, keep: list[str] | None, min_confidence: float, model: str | None
) -> SegmentComponent:
    """The component, for ``nlp.add_pipe("segmenter")``."""
    return SegmentComponent(keep, min_confidence, model)


Language.factory(
    "segmenter",
    default_config={"keep": None, "min_confidence": 0.0, "model": None},
    assigns=["doc.spans", "doc._.report"],
    func=make,
)
