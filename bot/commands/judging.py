"""Judged questions put to an index that is in use and to one that is to take its place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

from bot.commands.progress import counter
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.composition import Migrating
    from bot.evaluation.datasets import HandbookSet, PassageSet
    from bot.evaluation.metrics import Estimate
    from bot.evaluation.report import Run
    from bot.ports.migration import Stock


@dataclass(slots=True)
class Judging:
    """Judged questions, and what they came to. `within` are the sources that they are about; none: all."""

    made: "Migrating"
    dataset: "PassageSet | HandbookSet"
    show: TextIO
    within: frozenset[str] = frozenset()
    force: bool = False
    before: "Run | None" = None
    after: "Run | None" = None
    worse: Mapping[str, "Estimate"] = field(default_factory=dict[str, "Estimate"])

    @classmethod
    def of(cls, made: "Migrating", folder: Path, *, docs: Path | None, force: bool, show: TextIO) -> Self:
        """The questions of a folder, about what was indexed of `docs`. Raises `BadRequest` when it holds none."""
        from bot.evaluation import datasets
        from indexing.connectors.files import source_name

        dataset = datasets.load(folder, rewrite=None, corpus=None, limit=None)
        within = frozenset({source_name(Path(os.path.realpath(docs.expanduser())))} if docs else ())
        return cls(made, dataset, show, within=within, force=force)

    async def compare(self, old: "Stock", new: "Stock") -> None:
        """Ask both. Raises `BadRequest` when the new one is worse than the tolerance allows, unless forced."""
        from bot.evaluation import report
        from bot.evaluation.regressions import TOLERANCE, is_about, regressions

        self.after = await self._asked(new)
        if self.after is None or not (is_about(self.after) or self.force):
            raise BadRequest(
                f"none of the questions of {self.dataset.name} has its answer in what is indexed; nothing was "
                "switched; choose other questions, or name the folder that they are about with --docs"
            )
        self.before = await self._asked(old)
        if self.before is None:
            print(f"{report.told(self.after)}\n\nNo model of the settings can ask {old.name}.", file=self.show)
            return
        print(report.told_differences(self.before, self.after), file=self.show)
        self.worse = regressions(self.before, self.after)
        failed = self.after.failed > self.before.failed
        if (self.worse or failed) and not self.force:
            raise BadRequest(
                f"{new.name} answers worse than {old.name}: {self._losses()} (at most {TOLERANCE} is allowed); nothing "
                "was switched; to switch to it nevertheless, run this again with --force"
            )

    def as_json(self) -> dict[str, Any]:
        """What was compared, for programs."""
        from bot.evaluation import report

        compared = report.differences_as_json(self.before, self.after) if self.before and self.after else {}
        return {
            "before": self.before.as_json() if self.before else None,
            "after": self.after.as_json() if self.after else None,
            "differences": compared.get("differences", {}),
            "worse": sorted(self.worse),
        }

    async def _asked(self, stock: "Stock") -> "Run | None":
        """What the questions come to over one index; None when no embedder of the settings made it."""
        from bot.evaluation import experiments, report
        from bot.evaluation.within import Within

        pipeline = await self.made.pipeline(stock)
        if pipeline is None:
            return None
        if self.within:
            pipeline = replace(pipeline, index=Within(pipeline.index, self.within))
        with counter("questions", self.show) as on_question:
            measured = await experiments.measure(self.dataset, pipeline, on_question=on_question)
        configuration = {**pipeline.backends(), "index": stock.name}
        return report.run_of(self.dataset.name, configuration, measured)

    def _losses(self) -> str:
        """Each figure that fell, with its interval."""
        lost = [f"{name} by {abs(e.mean):.3f} [{e.low:+.3f}, {e.high:+.3f}]" for name, e in self.worse.items()]
        failed = self.after.failed if self.after else 0
        return ", ".join(lost) or f"{failed} questions failed"
