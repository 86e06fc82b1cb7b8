"""Wall clocks that can be set, one for each process (libfaketime, of Debian's package faketime)."""

from __future__ import annotations

from pathlib import Path

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
VALKEY = "valkey"
"""The name under which the server has its clock."""


def set_clock(folder: Path, name: str, ahead: int) -> None:
    """Let the clock of what was started by `with_clock` be so many seconds ahead of the right time, from now on."""
    fresh = folder / f"{name}.clock.new"
    fresh.write_text(f"{ahead:+d}s", encoding="utf-8")
    fresh.replace(folder / f"{name}.clock")


def with_clock(folder: Path, name: str) -> dict[str, str]:
    """Variables of a process with a clock of its own, which is right at first. The one that never jumps stays."""
    folder.mkdir(parents=True, exist_ok=True)
    set_clock(folder, name, 0)
    file = {"FAKETIME_TIMESTAMP_FILE": str(folder / f"{name}.clock"), "FAKETIME_NO_CACHE": "1"}
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", **file}
