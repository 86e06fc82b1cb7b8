"""Asks the package index for known vulnerabilities of everything in the locks, and says what it could not ask.

Exit status 1 when a vulnerability is known. Where the index cannot be asked, nothing is known either way: that is said
aloud, and fails only with FOOTNOTE_REQUIRE_AUDIT=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = "requirements-dev.lock"


def main() -> int:
    """Audit the lock; print one line per finding and one for the whole."""
    command = ["pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json", "-r", LOCK]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return unasked(f"pip-audit could not ask the package index: {last_line(done.stderr)}")
    skipped = [package for package in packages if "skip_reason" in package]
    found = [(package, flaw) for package in packages for flaw in package.get("vulns", [])]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}")
    print(f"pip-audit: {len(packages) - len(skipped)} of {len(packages)} packages audited, {len(found)} flaws known")
    if skipped and not found:
        return unasked(f"the index had no record of {len(skipped)} packages; they are NOT audited")
    return 1 if found else 0


def unasked(reason: str) -> int:
    """Say that something was not audited; a failure only where an audit is required."""
    print(f"pip-audit: {reason}", file=sys.stderr)
    return int(os.environ.get("FOOTNOTE_REQUIRE_AUDIT") == "1")


def last_line(text: str) -> str:
    """The last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    raise SystemExit(main())
