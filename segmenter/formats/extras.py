"""Optional libraries: imported by the call that needs them, or one line that names the extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from segmenter.errors import MissingExtraError


def load(module: str, extra: str, purpose: str) -> Any:
    """The module. Raises `MissingExtraError`, which says what it is for and how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs the extra {extra!r}: pip install 'segmenter[{extra}]'"
        ) from error
