"""spaCy: a binary file of documents, whose span group ``sc`` holds the labels.

Source: spaCy's documentation, `DocBin` and `SpanCategorizer`; ``sc`` is the key that spaCy's span
categorizer learns from unless it is told another. Whether a person has seen a document, the file
does not tell.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from segmenter.errors import InputError, MissingExtraError
from segmenter.exchange.spans import Span, page_of, record_of, spans_of, tokens_of
from segmenter.labelled import LabelledPage

if TYPE_CHECKING:
    from spacy.tokens import Doc

KEY = "sc"
RECORD = "segmenter"

LARGEST = 512 << 20
"""Bytes that a file may have unpacked."""


def write(pages: Iterable[LabelledPage]) -> bytes:
    """The file of the pages. Raises `InputError` for a text that UTF-8 has no bytes for."""
    _need()
    from spacy.tokens import Doc, DocBin, SpanGroup
    from spacy.vocab import Vocab

    vocab = Vocab()
    file = DocBin(attrs=["SPACY"], store_user_data=True)
    for page in pages:
        text, spans = page.text, spans_of(page)
        tokens = tokens_of(text, spans)
        check(page)
        words, spaces = [token.text for token in tokens], [token.space for token in tokens]
        doc = Doc(vocab, words=words, spaces=spaces)
        found = []
        for span in spans:
            marked = doc.char_span(span.start, span.end, span.label, alignment_mode="expand")
            assert marked is not None  # tokens end where spans do
            found.append(marked)
        doc.spans[KEY] = SpanGroup(doc, name=KEY, spans=found)
        doc.user_data[RECORD] = json.dumps(record_of(page))
        file.add(doc)
    content: bytes = file.to_bytes()
    return content


def check(page: LabelledPage) -> None:
    """Raises `InputError` for a page of which UTF-8, and so a file, cannot hold the text."""
    try:
        page.text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"page {page.id}: holds half a surrogate pair: {error}") from error


def read(content: bytes) -> Iterator[LabelledPage | InputError | None]:
    """The pages of a file; ``None`` for a document without labels.

    Raises `InputError` if it is no such file.
    """
    _need()
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        unpacking = zlib.decompressobj()
        if len(unpacking.decompress(content, LARGEST)) == LARGEST:
            raise InputError(f"unpacks to over {LARGEST >> 20} MiB; not loaded")
    except zlib.error as error:
        raise InputError(f"is no file of spaCy documents: {error}") from error
    try:
        docs = list(DocBin(store_user_data=True).from_bytes(content).get_docs(Vocab()))
    except Exception as error:  # msgpack has errors of its own
        raise InputError(f"is no file of spaCy documents: {error!r:.120}") from error
    for i, doc in enumerate(docs):
        try:
            yield _page(doc, f"document {i}")
        except InputError as error:
            yield InputError(f"document {i}: {error}")


def _page(doc: Doc, name: str) -> LabelledPage | None:
    marked = list(doc.spans[KEY]) if KEY in doc.spans else list(doc.ents)
    if not marked and doc.text.strip():
        return None
    spans = [Span(span.start_char, span.end_char, span.label_) for span in marked]
    record = doc.user_data.get(RECORD)
    try:
        parsed = json.loads(record) if isinstance(record, str) else None
    except ValueError as error:
        raise InputError(f"has user data that are no JSON: {error}") from error
    return page_of(doc.text, spans, parsed, name)


def _need() -> None:
    try:
        import spacy.tokens  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("spaCy files need spacy: pip install 'segmenter[spacy]'") from error
