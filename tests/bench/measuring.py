"""What the benchmarks share: whole processes, their time and peak memory, and a line for the record."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.weaviate_server import built

ROOT = Path(__file__).parents[2]
FOOTNOTE = Path(sys.executable).with_name("footnote")


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished process: wall-clock seconds, peak resident memory in megabytes, and what it printed."""

    seconds: float
    peak_mb: float
    output: str


def run(
    *command: str | Path, home: Path | None = None, check: bool = True, settings: Mapping[str, str] | None = None
) -> Ran:
    """Run a command as a person's shell would (compiled modules kept, no settings of ours) and measure it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FOOTNOTE_", "PYTHONDONTWRITE", "REDIS_"))}
    environment |= settings or {}
    if home:
        environment["FOOTNOTE_HOME"] = str(home)
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=sys.stderr, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode()
    if check and process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output}")
    scale = 1024 if platform.system() == "Linux" else 1024 * 1024
    return Ran(seconds, usage.ru_maxrss / scale, output)


def p(values: Sequence[float], share: float) -> float:
    """The `share` quantile (0..1) of `values`, nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def spread(values: Sequence[float], unit: str = "s", digits: int = 3) -> str:
    """Median and the extremes, for the record."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} {unit} (of {len(values)}: {min(values):.{digits}f} to {max(values):.{digits}f})"


def where() -> str:
    """The machine and the code that a figure belongs to."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = platform.python_version()
    return f"{cores} cores, {platform.machine()}, Python {python}, commit {commit.stdout.strip() or 'unknown'}"


def weaviate_binary() -> Path:
    """The real server that `make weaviate` built."""
    binary = built()
    if not binary.exists():
        raise SystemExit("this needs a real Weaviate: make weaviate")
    return binary
