"""Takes a scraped news page apart: report, comic rewrite, made-up interview, boilerplate."""

from segmenter.errors import InputError, MissingExtraError, ModelError, SegmenterError
from segmenter.labels import Label
from segmenter.model import Model
from segmenter.page import Block, Page, Segment
from segmenter.segmenter import Segmenter, clean, segment

__version__ = "0.1.0"

__all__ = [
    "Block",
    "InputError",
    "Label",
    "MissingExtraError",
    "Model",
    "ModelError",
    "Page",
    "Segment",
    "Segmenter",
    "SegmenterError",
    "clean",
    "segment",
]
