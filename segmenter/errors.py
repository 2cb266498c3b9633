"""What can go wrong, as one small family of exceptions."""

from __future__ import annotations


class SegmenterError(Exception):
    """What the program was given is wrong; the message says what, where, and what to do."""

    def __str__(self) -> str:
        return printable(super().__str__())


class ModelError(SegmenterError):
    """A model file is missing, damaged, or made for another version."""


class InputError(SegmenterError):
    """An input cannot be read as what it claims to be."""


class MissingExtraError(SegmenterError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, what: str, extra: str, error: ImportError) -> MissingExtraError:
        """The error that names what is missing, for whom, and the extra that brings it."""
        package = (error.name or "a package").partition(".")[0]
        return cls(f"{what} needs {package}: pip install 'segmenter[{extra}]'")


def told(error: OSError) -> str:
    """What went wrong, in one line, with the file or address if it is known."""
    where = f"{error.filename}: " if error.filename else ""
    return printable(f"{where}{error.strerror or error}")


LONGEST = 2_000
"""Characters of a message, of which a page may have written some."""


def printable(text: str) -> str:
    """The text, up to `LONGEST`, without what would move the cursor or set the terminal."""
    shown = "".join(char if char.isprintable() else "�" for char in text[:LONGEST])
    return shown + "…" if len(text) > LONGEST else shown
