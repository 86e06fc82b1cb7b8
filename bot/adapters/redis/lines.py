"""What stands in line, in the stream or held back: counted and looked through, never leased."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.adapters.redis.link import Link, Script, Step
from bot.adapters.redis.stored import Damaged, Newer, OneOf
from bot.jobs import AnswerQuestion, Job, OfferAnswer, WithdrawQuestion
from bot.ports.queue import Load, Waiting

GROUP = "workers"
ONCE = 24 * 3600
"""Seconds that a key of `once` is remembered."""
PAGE = 200
"""Entries read in one trip, so that no look holds the server up."""
SOME = 20
"""Questions named in one trip."""


def lines(link: Link) -> tuple[str, str, str, str]:
    """The keys that `line_up.lua` begins with."""
    return link.key("jobs"), link.key("standing"), link.key("held"), link.key("backlog")


def word(text: str) -> str:
    """Whose a job is, or what it is about, as the scripts write it."""
    return quote(text, safe="")


def whose(job: Job) -> tuple[str, str]:
    """Where a job waits its turn, as the scripts write it: its person's line and its conversation's; '' for none."""
    if not isinstance(job, AnswerQuestion | OfferAnswer):
        return word(job.person), ""
    key = job.question.conversation
    return word(job.person), "#" + word(f"{key.workspace}/{key.channel}/{key.thread}")


def named(fields: Sequence[bytes]) -> dict[bytes, bytes]:
    """The fields of an entry."""
    return dict(zip(fields[::2], fields[1::2], strict=False))


@dataclass(frozen=True, slots=True)
class _Backlog:
    """What waits in one line: its places from `first` to `last` (some may be empty), and since when."""

    line: str
    first: int
    last: int
    count: int
    since: int | None

    @classmethod
    def of(cls, line: bytes, bounds: bytes, since: bytes | None) -> _Backlog:
        first, last, count = map(int, bounds.split())
        return cls(line.decode(), first, last, count, int(since) if since else None)


@dataclass(frozen=True, slots=True)
class _Look:
    """What `load.lua` tells; times in milliseconds."""

    stream: int
    leased: int
    last: str
    dead: int
    now: int
    since: int | None
    backlogs: tuple[_Backlog, ...]

    @classmethod
    def of(cls, told: Sequence[Any]) -> _Look:
        stream, leased, last, dead, now, since, waiting = told
        backlogs = (_Backlog.of(*waiting[n : n + 3]) for n in range(0, len(waiting), 3))
        return cls(stream, leased, last.decode(), dead, int(now), int(since) if since else None, tuple(backlogs))

    @property
    def held_back(self) -> int:
        return sum(backlog.count for backlog in self.backlogs)

    def age(self, since: int | None) -> float:
        """How long ago that was, in seconds; nothing waits no time."""
        return 0.0 if since is None else max(0.0, (self.now - since) / 1000)

    @property
    def oldest(self) -> float:
        return max(map(self.age, (self.since, *(backlog.since for backlog in self.backlogs))))


@dataclass(frozen=True, slots=True)
class _Place:
    """A job in line: the name of its place, its bytes, how many stand before it, and for how long it waits."""

    name: str
    payload: bytes
    ahead: int
    age: float


class Lines:
    """Looks at what waits. Who looks changes nothing but what has been named."""

    def __init__(self, link: Link, stored: OneOf[Job], *, lease: float) -> None:
        self._link = link
        self._lease = lease
        self._stored = stored
        self._jobs, _, self._held, self._backlog = lines(link)
        self._dead = link.key("dead")
        self._load = Script.load("line_up", "load")
        self._known: set[str] = set()
        """Places that this process need not name again; Redis knows what any process has named."""

    async def depth(self) -> int:
        """Jobs that are not ended; see the port."""
        stream, held = await self._link.all([Step(("XLEN", self._jobs)), Step(("HVALS", self._held))])
        return int(stream) + sum(int(bounds.split()[2]) for bounds in held)

    async def load(self) -> Load:
        """How much there is to do; see the port."""
        look = await self._look()
        waiting = max(0, look.stream - look.leased)
        return Load(waiting, look.leased, look.held_back, look.dead, look.oldest)

    async def overdue(self, *, ahead: int, age: float, limit: int) -> list[Waiting]:
        """Questions that wait long, each named once; see the port."""
        look = await self._look()
        orphans = await self._orphans(look)
        oldest = max([look.oldest, *(place.age for place in orphans)])
        if look.stream + look.held_back <= ahead and oldest <= age:
            self._known.clear()
            return []
        found: list[Waiting] = []
        async with aclosing(self._late(look, orphans, ahead=ahead, age=age)) as late:
            async for page in late:
                while page and len(found) < limit:
                    room = limit - len(found)
                    found += await self._named(page[:room])
                    page = page[room:]  # noqa: PLW2901  (what is left of it)
                if len(found) >= limit:
                    break
        return found

    async def unfinished(self, question_ids: Collection[str]) -> frozenset[str]:
        """Which questions a job is still about; see the port."""
        wanted, found = frozenset(question_ids), set[str]()
        if not wanted:
            return frozenset()
        # The backlog first: what leaves it meanwhile goes to the end of the stream.
        places = [word(one) for one in wanted]
        for start in range(0, len(places), PAGE):
            steps = [Step(("HGET", self._backlog, f"?{place}")) for place in places[start : start + PAGE]]
            told = await self._link.all(steps)
            found |= {one for one in wanted if word(one) in _known(places[start : start + PAGE], told)}
        async for _, payload, _ in self._entries("-"):
            found.add(self._about(payload))
        return wanted & found

    # --- looking through ---------------------------------------------------------------------------------------------

    async def _look(self) -> _Look:
        return _Look.of(await self._link.run(self._load, (*lines(self._link), self._dead), (GROUP,)))

    async def _orphans(self, look: _Look) -> list[_Place]:
        """What was leased once and is nobody's by now: given back, or left by a worker that died."""
        if look.leased == 0:
            return []
        lease = round(self._lease * 1000)
        pending = await self._link.call("XPENDING", self._jobs, GROUP, "IDLE", lease, "-", "+", PAGE)
        told = await self._link.all([Step(("XRANGE", self._jobs, one[0], one[0])) for one in pending])
        entries = [_entry(*found[0]) for found in told if found]
        return [_Place(name, payload, 0, look.age(since)) for name, payload, since in entries]

    async def _late(
        self, look: _Look, orphans: Sequence[_Place], *, ahead: int, age: float
    ) -> AsyncGenerator[list[_Place]]:
        """Places that wait long and that this process has not named, some at a time."""
        page = [place for place in orphans if place.age > age and place.name not in self._known]
        async for place in self._places(look):
            if (place.ahead > ahead or place.age > age) and place.name not in self._known:
                page.append(place)
            if len(page) >= SOME:
                yield page
                page = []
        yield page

    async def _places(self, look: _Look) -> AsyncGenerator[_Place]:
        """What nobody has leased yet, in the stream and then in the backlogs."""
        before = look.leased
        async for id_, payload, since in self._entries(f"({look.last}"):
            yield _Place(id_, payload, before, look.age(since))
            before += 1
        for backlog in look.backlogs:
            behind = max(before, look.stream)
            async for name, payload, since in self._held_back(backlog):
                yield _Place(name, payload, behind, look.age(since))
                behind += 1

    async def _entries(self, start: str) -> AsyncGenerator[tuple[str, bytes, int]]:
        """Entries of the stream from `start` on: their ids, their bytes, and since when they are queued."""
        while True:
            page = await self._link.call("XRANGE", self._jobs, start, "+", "COUNT", PAGE)
            for id_, raw in page:
                yield _entry(id_, raw)
            if len(page) < PAGE:
                return
            start = f"({page[-1][0].decode()}"

    async def _held_back(self, backlog: _Backlog) -> AsyncGenerator[tuple[str, bytes, int]]:
        names = [f"{backlog.line}:{number}" for number in range(backlog.first, backlog.last + 1)]
        for start in range(0, len(names), PAGE):
            page = names[start : start + PAGE]
            told = await self._link.all([Step(("HGET", self._backlog, name)) for name in page])
            for name, kept in zip(page, told, strict=True):
                if kept:
                    since, _, _, _, payload = kept.split(b"\n", 4)
                    yield name, payload, int(since)

    def _asked(self, payload: bytes) -> AnswerQuestion | None:
        """The job, if somebody who put a question to us waits for it."""
        with suppress(Newer, Damaged):
            job = self._stored.load(payload)
            if isinstance(job, AnswerQuestion) and job.question.addressed != "overheard":
                return job
        return None

    def _about(self, payload: bytes) -> str:
        """The question that a job is about, empty for none."""
        with suppress(Newer, Damaged):
            job = self._stored.load(payload)
            if isinstance(job, AnswerQuestion | OfferAnswer | WithdrawQuestion):
                return job.id
        return ""

    async def _named(self, late: Sequence[_Place]) -> list[Waiting]:
        """The questions among them that nobody has named before."""
        asked = [Waiting(job, place.ahead, place.age) for place in late if (job := self._asked(place.payload))]
        keys = [self._link.key("once", f"named/{one.job.id}/{_version(one.job)}") for one in asked]
        told = await self._link.all([Step(("SET", key, 1, "NX", "EX", ONCE)) for key in keys])
        self._known.update(place.name for place in late)
        return [one for one, new in zip(asked, told, strict=True) if new]


def _entry(id_: bytes, raw: Sequence[bytes]) -> tuple[str, bytes, int]:
    """An entry of the stream: its id, its bytes, and since when it is queued, in milliseconds."""
    fields = named(raw)
    return id_.decode(), fields.get(b"job", b""), int(fields.get(b"since") or id_.partition(b"-")[0])


def _version(job: Job) -> str:
    return job.question.version if isinstance(job, AnswerQuestion) else ""


def _known(places: Sequence[str], told: Sequence[bytes | None]) -> set[str]:
    return {place for place, there in zip(places, told, strict=True) if there}
