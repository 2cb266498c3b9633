"""What a job did, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmenter.archive.shard import Counts


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of an output: of all of its records, over all runs that made it.

    ``seconds``, ``pages`` and ``bytes`` are those of this run alone. ``failures`` of ``counts`` are
    the first few. ``left_alone`` tells of each folder in which files are not read.
    """

    counts: Counts
    inputs: tuple[str, ...]
    output: str
    model: str
    seconds: float
    pages: int
    bytes: int
    left_alone: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data, ready for JSON: input = written + dropped + quarantined."""
        counts = self.counts
        return {
            "input": counts.pages,
            "written": counts.written,
            "dropped": counts.dropped.total(),
            "dropped_by": dict(sorted(counts.dropped.items())),
            "quarantined": counts.quarantined,
            "passed_over": dict(sorted(counts.passed.items())),
            "labels": shares(counts),
            "bytes": counts.bytes,
            "failures": counts.failures,
            "left_alone": list(self.left_alone),
            "inputs": list(self.inputs),
            "output": self.output,
            "model": self.model,
            "this_run": {
                "pages": self.pages,
                "bytes": self.bytes,
                "seconds": round(self.seconds, 3),
                "pages_per_second": round(self.pages / self.seconds, 1) if self.seconds else 0.0,
            },
        }

    def lines(self) -> list[str]:
        """The figures for people."""
        counts = self.counts
        found = [
            f"{counts.pages} pages = {counts.written} written + {counts.dropped.total()} dropped"
            f" + {counts.quarantined} quarantined"
        ]
        found += [f"  dropped by {rule}: {n}" for rule, n in sorted(counts.dropped.items())]
        if counts.passed:
            kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.passed.items()))
            found.append(f"passed over, as they hold no page: {kinds}")
        if counts.characters:
            parts = "  ".join(f"{name} {share:.0%}" for name, share in shares(counts).items())
            found.append(f"characters: {parts}")
        if self.seconds and self.pages:
            found.append(
                f"this run: {self.pages} pages in {self.seconds:.1f} s,"
                f" {self.pages / self.seconds:.1f} pages/s,"
                f" {self.bytes / self.seconds / 1e6:.1f} MB/s"
            )
        return found


def shares(counts: Counts) -> dict[str, float]:
    """The share of all characters that each label has."""
    total = counts.characters.total()
    return {label: round(n / total, 4) if total else 0.0 for label, n in counts.characters.items()}
