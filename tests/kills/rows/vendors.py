"""Rows 14 to 18: a model that has no time, fails, hangs, stops in the middle, or lies about having finished."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from tests.kills import facts
from tests.kills.rig import PRODUCTION, Rig, Setup
from tests.kills.rows import Cycle, row
from tests.kills.tally import Tally

LIMIT = 60.0
"""Seconds within which every question has its visible end."""
RECOVERS = 40.0
"""Seconds within which a model is tried again that has failed: a breaker lets one through each 15 s."""
EMBEDDED = {"FOOTNOTE_EMBEDDER": "cohere"}
UNSCALED = Setup(silent=PRODUCTION.silent)
"""What a model may take is not scaled."""
RERANKED = replace(UNSCALED, variables=(("FOOTNOTE_RERANKER", "cohere"),))


async def _asked(rig: Rig, cycle: Cycle, *, count: int = 5, over: float = 0.0) -> Tally:
    """What became of some questions while the fault that was set up lasts; each has a minute."""
    asked = await rig.ask(count, label=cycle.label, within=over)
    await rig.answered(asked, within=LIMIT + 10)
    tally = await rig.verdict(asked)
    for one in asked:
        if one.ended_at and one.ended_at - one.at > LIMIT:
            tally.fault("late", f"{one.canary}: its end took {one.ended_at - one.at:.1f} s")
        for message in rig.slack.answers(one):
            if _is_part(message.visible_text, one.fact.bird):
                tally.fault("partial", f"{one.canary}: {message.visible_text[:80]!r}")
    return tally


def _is_part(text: str, bird: str) -> bool:
    """Whether a sentence of the answer stands there that was never finished."""
    body = text.partition("Sources")[0].partition("\n")[0].strip()
    return body.startswith(f"The {bird} room") and "chairs." not in body


async def _well(rig: Rig) -> None:
    rig.forget()
    await rig.heal()


async def _recovered(rig: Rig, cycle: Cycle, *, path: str = "/chat") -> Tally:
    """Ask until the model behind `path` is asked again, now that all is well: the breaker is closed then."""
    began, tally = time.monotonic(), Tally()
    while time.monotonic() - began < RECOVERS:
        await _well(rig)
        tally.add(await _asked(rig, cycle, count=1))
        if rig.cohere.bodies(path):
            tally.sample("recovered", time.monotonic() - began)
            return tally
        await asyncio.sleep(1.0)
    tally.fault("unrecovered", f"the model was not asked again {RECOVERS:g} s after all was well")
    return tally


# --- rows 14 to 16 --------------------------------------------------------------------------------------------------


@row(
    "14",
    "the model answers 429 with Retry-After 1 to 30 s, once or for good",
    reach="0 calls before Retry-After; a visible end within 60 s of all 100",
    cycles=20,
    quick=2,
    setup=UNSCALED,
)
async def limited(rig: Rig, cycle: Cycle) -> Tally:
    """Five questions."""
    await _well(rig)
    seconds = (1, 2, 5, 10, 30)[cycle.number % 5]
    times = None if cycle.number % 2 else cycle.random.randint(1, 5)
    rig.cohere.refuse(429, on="/chat", times=times, headers={"retry-after": str(seconds)})
    tally = await _asked(rig, cycle)
    tally.count("calls_of_the_model", len(rig.cohere.bodies("/chat")))
    tally.add(await _recovered(rig, cycle))
    return tally


BROKEN: tuple[tuple[str, Callable[[Rig], None]], ...] = (
    ("500", lambda rig: rig.cohere.refuse(500, on="/chat")),
    ("503", lambda rig: rig.cohere.refuse(503, on="/chat")),
    ("hangs", lambda rig: rig.cohere.hang(on="/chat")),
    ("a slow first token", lambda rig: rig.cohere.slow(first_token=30.0)),
    ("cut off", lambda rig: rig.cohere.cut(on="/chat")),
)


@row(
    "15",
    "the model answers 500 or 503, hangs, is slow to begin, or is cut off, for good",
    reach="passages with their sources instead; a visible end within 60 s of all",
    cycles=10,
    quick=2,
    setup=UNSCALED,
)
async def broken(rig: Rig, cycle: Cycle) -> Tally:
    """Twenty-five questions over five seconds, in one of five ways; then one after another until all is well again."""
    name, breaks = BROKEN[cycle.number % len(BROKEN)]
    await _well(rig)
    breaks(rig)
    tally = await _asked(rig, cycle, count=25, over=5.0)
    tally.count(f"the model: {name}", tally.counts["questions"])
    tally.count("calls_of_the_model", len(rig.cohere.bodies("/chat")))
    tally.add(await _recovered(rig, cycle))
    return tally


EVENTS = 24
"""In the stream of one answer here, and a few more."""
CASES = (
    *(("ERROR", 0), ("MAX_TOKENS", 0), ("hang", 2)),
    *((way, place) for place in range(EVENTS) for way in ("cut", "silent end", "bad JSON")),
    *(("hang", place) for place in (0, 8, 16)),  # each takes a minute
)


@row(
    "16",
    "the stream of an answer is cut, ends silently, hangs, or tells rubbish at every event; or says it ended badly",
    reach="0 partial answers shown as final; a visible end within 60 s",
    cycles=len(CASES),
    quick=4,
    setup=UNSCALED,
)
async def cut_at_every_event(rig: Rig, cycle: Cycle) -> Tally:
    """A question whose first stream breaks in one way at one event, one whose streams all do, and one without."""
    (way, place), tally = CASES[cycle.number], Tally()
    for times in (1, None):
        await _well(rig)
        _break(rig, way, place, times)
        tally.add(await _asked(rig, cycle, count=1))
        tally.count(f"the stream: {way}", len(rig.cohere.bodies("/chat")))
    tally.add(await _recovered(rig, cycle))
    return tally


def _break(rig: Rig, way: str, place: int, times: int | None) -> None:
    if way == "cut":
        rig.cohere.cut(on="/chat", at=place, times=times)
    elif way == "silent end":
        rig.cohere.end_silently(at=place, times=times)
    elif way == "hang":
        rig.cohere.hang(on="/chat", at=place, times=times)
    elif way == "bad JSON":
        rig.cohere.malform(on="/chat", at=place, times=times)
    else:
        rig.cohere.finish(way)


# --- rows 17 and 18 -------------------------------------------------------------------------------------------------


@row(
    "17",
    "the reranker is down",
    reach="all answered all the same, p95 at most 2.5 s later than when all is well",
    cycles=10,
    quick=1,
    setup=RERANKED,
)
async def no_ranking(rig: Rig, cycle: Cycle) -> Tally:
    """Five questions while all is well, and five while ranking fails."""
    healed = await _recovered(rig, cycle, path="/rerank")
    await _well(rig)
    well = await _asked(rig, cycle)
    rig.cohere.refuse(503, on="/rerank")
    without = await _asked(rig, cycle)
    without.add(well)
    without.samples["ended"], without.samples["ended_well"] = (
        without.samples.get("ended", [])[: len(without.samples.get("ended", [])) // 2],
        well.samples.get("ended", []),
    )
    if not rig.cohere.bodies("/rerank"):
        without.fault("unasked", "the reranker was never called: the row shows nothing")
    without.add(healed)
    return without


@row(
    "18",
    "the embedder is down",
    reach="answered by the words alone; a visible end of all within 60 s",
    cycles=5,
    quick=1,
    setup=UNSCALED,
)
async def no_vectors(rig: Rig, cycle: Cycle) -> Tally:
    """The documents are indexed by the vendor's vectors; then it makes none for questions."""
    await _well(rig)
    if EMBEDDED.items() - rig.worker.variables().items():
        await _index_again(rig)
    tally = await _recovered(rig, cycle, path="/embed")
    before = len(rig.cohere.bodies("/embed"))
    rig.cohere.refuse(503, on="/embed")
    tally.add(await _asked(rig, cycle))
    if len(rig.cohere.bodies("/embed")) == before:
        tally.fault("unasked", "the embedder was never called: the row shows nothing")
    return tally


async def _index_again(rig: Rig) -> None:
    """Index by the vendor's vectors, in a home of its own, and let the worker answer from there."""
    before, home = rig.worker.variables, str(rig.folder / "embedded")
    rig.worker.variables = lambda: {**before(), **EMBEDDED, "FOOTNOTE_HOME": home}
    documents = await asyncio.to_thread(facts.write, rig.folder / "papers")
    process = await asyncio.create_subprocess_exec(
        rig.worker.words[0], "index", str(documents), "--json",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, env=dict(rig.worker.variables()),
    )  # fmt: skip
    if await process.wait():
        raise RuntimeError("the documents could not be indexed by the vendor's vectors")
    await rig.worker.replace()
