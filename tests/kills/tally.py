"""What came of some questions, in numbers that can be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

BAD: Final = ("lost", "twice", "silent", "stuck", "billed_twice", "wrong")
"""What must not happen in any row; a row may add to it.

- `lost`: nothing finished stands in the thread 90 s after what died was back.
- `twice`: more than one message of ours ever stood there for one question.
- `silent`: nothing of ours stood there within 120 s (or the fraction that the row says) of the acknowledgement.
- `stuck`: a placeholder, an open stream or a session at work was left at the end.
- `billed_twice`: a model was asked again although the answer was stored.
- `wrong`: an answer stands there, and it is another question's.
"""

TOLD: Final = 3
"""Of each sort of fault in a cycle, those that are told; all are counted."""


@dataclass(slots=True)
class Tally:
    """Counts by name, samples in seconds by name, and a sentence for each thing that went wrong."""

    counts: Counter[str] = field(default_factory=Counter[str])
    samples: dict[str, list[float]] = field(default_factory=dict[str, "list[float]"])
    faults: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    """What else belongs into the table, in words."""

    def count(self, name: str, by: int = 1) -> None:
        """Add to a number."""
        self.counts[name] += by

    def sample(self, name: str, seconds: float) -> None:
        """Keep one of several measurements."""
        self.samples.setdefault(name, []).append(round(seconds, 4))

    def note(self, words: str) -> None:
        """Say something in the table."""
        self.notes.append(words)

    def fault(self, name: str, sentence: str) -> None:
        """Count what must not happen, and say what it was."""
        self.counts[name] += 1
        if sum(fault.startswith(f"{name}: ") for fault in self.faults) < TOLD:
            self.faults.append(f"{name}: {sentence}")

    def add(self, other: Tally) -> None:
        """Take over what another holds."""
        self.counts.update(other.counts)
        for name, values in other.samples.items():
            self.samples.setdefault(name, []).extend(values)
        self.faults.extend(other.faults)
        self.notes.extend(other.notes)

    @property
    def bad(self) -> bool:
        """Whether anything went wrong."""
        return bool(self.faults)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"counts": dict(self.counts), "samples": self.samples, "faults": self.faults, "notes": self.notes}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Tally:
        """From JSON."""
        return cls(Counter(plain["counts"]), dict(plain["samples"]), list(plain["faults"]), list(plain["notes"]))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
