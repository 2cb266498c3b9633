"""What can go wrong, as one small family of exceptions."""


class SegmenterError(Exception):
    """What the program was given is wrong; the message says what, where, and what to do."""


class ModelError(SegmenterError):
    """A model file is missing, damaged, or made for another version."""


class InputError(SegmenterError):
    """An input cannot be read as what it claims to be."""


class MissingExtraError(SegmenterError):
    """An optional dependency is not installed."""
