"""What decides the output of a job, byte for byte."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from segmenter import __version__
from segmenter.errors import SegmenterError
from segmenter.formats import Reading
from segmenter.formats.writing import TARGETS
from segmenter.model_version import model_version

MAX_PAGE_BYTES = 32 << 20
SHARD_BYTES = 256 << 20
PAGE_TIMEOUT = 60.0


class SettingsError(SegmenterError):
    """A setting that the model does not allow."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a job reads, labels, chooses and writes.

    ``keep``: labels whose blocks make the cleaned text, the model's first unless given.
    ``min_share``: labels and the least share of a page that each must have. ``shard_bytes``:
    unpacked bytes of input after which a shard ends. ``page_timeout`` is in seconds.
    """

    to: str = "jsonl.gz"
    reading: Reading = field(default_factory=lambda: Reading(max_bytes=MAX_PAGE_BYTES))
    model: str | None = None
    keep: tuple[str, ...] = ()
    min_share: tuple[tuple[str, float], ...] = ()
    drop_empty: bool = False
    blocks: bool = True
    shard_bytes: int = SHARD_BYTES
    page_timeout: float = PAGE_TIMEOUT

    def recorded(self) -> dict[str, Any]:
        """What a job that goes on must have in common with the one that began, by its name.

        The models count by their content, wherever they lie. Raises `InputError`.
        """
        data = asdict(self)
        reading = data.pop("reading")
        del data["model"]
        # How long a page may take decides nothing about the pages that take less.
        del data["page_timeout"]
        return {
            "version of segmenter": __version__,
            "model": model_version(self.model),
            "bytes of a shard (--shard-mib)": data.pop("shard_bytes"),
            "writing of blocks (--no-blocks)": data.pop("blocks"),
            **{f"--{name.replace('_', '-')}": value for name, value in data.items()},
            "--input-format": reading["format"],
            "--text-field": reading["text_field"],
            "--id-field": reading["id_field"],
            "--max-page-bytes": reading["max_bytes"],
        }


def target_of(output: str, to: str | None) -> str:
    """The format of an output: ``to``, else what the suffix of its name tells, else jsonl.gz."""
    if to is not None:
        return to
    name = output.rstrip("/")
    return next(
        (t for t in sorted(TARGETS, key=len, reverse=True) if name.endswith(f".{t}")), "jsonl.gz"
    )
