"""docs/reliability.md, written from the results of a run as they were."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.kills.results import Results, faults, machine, table
from tests.kills.rows import Row

PAGE = ROOT / "docs/reliability.md"
NOTES = "\n## Notes\n"
"""Below this stands what a person wrote."""

BEFORE = """\
# Acknowledged means answered: the kill test

Slack is told that we have a question only when it is on disk; from then on it is answered once, visibly, whatever dies.
`make kills` attacks that promise on one machine: the edge and the workers as processes of their own, started by the
Procfile's commands; a Valkey that writes every step to disk; a stand-in for Slack that delivers again as Slack does; a
stand-in for the model; and between every two of them a proxy that can delay, cut, or fall silent. It prints the table
below, and `make kills ARGS='--replay ROW:CYCLE --seed SEED'` runs a cycle of it again. This page is written by the
run, from what it counted.

- *Lost*: nothing finished stands in the thread 90 s after what died was back.
- *Twice*: more than one message of ours ever stood in the thread of one question.
- *Silent*: nothing of ours stood in the thread 30 s after the question was put (120 s where times are those of
  production).
- *Stuck*: a placeholder, an open stream or a session at work was left at the end.
- *Billed twice*: the model was asked again after the answer was stored. *Wrong*: the answer was another question's.

Leases, sweeps and Slack's retries run fifteen times as fast as in production (a lease of 2 s; retries after 0, 4 and
20 s), but in the rows that say otherwise. A process dies by SIGKILL, from within at a named point (`KILL_AT=POINT:N`)
or from outside at a random moment, and is started again at once, as a supervisor would.
"""


def write_document(known: Mapping[str, Row], results: Results) -> Path:
    """Write the page; what people have noted below the figures stays."""
    wrong = faults(known, results)
    listed = "\n".join(f"- {sentence}" for sentence in wrong) if wrong else "Nothing went wrong."
    PAGE.write_text(
        f"""{BEFORE}
## The run

Commit {results.commit}; seed {results.seed}; begun {results.began}, ended {results.ended}; {machine()}.

{table(known, results)}

## What went wrong

{listed}
{_noted()}""",
        encoding="utf-8",
    )
    return PAGE


def _noted() -> str:
    """The notes at the page's end, as they stand there."""
    _, mark, notes = PAGE.read_text(encoding="utf-8").partition(NOTES) if PAGE.exists() else ("", "", "")
    return f"{mark}{notes}"
