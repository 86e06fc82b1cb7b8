"""Which server a command goes to: the only one, the primary that Sentinels name, or the one that has the key's slot.

redis-py's own clients for Sentinel and Cluster send a command again after a timeout, up to a count of their own, and
refuse callers when their connections are in use. Here nothing is sent twice but what a server has refused to do: after
MOVED, ASK and TRYAGAIN, which all say that nothing was done.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar, cast

from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    AuthenticationError,
    MovedError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as Unreachable

from bot.adapters.redis.addresses import Address, Host, said
from bot.adapters.redis.nodes import Node
from bot.adapters.redis.trips import Words

T = TypeVar("T")

LOOK = 2.0
"""Seconds that a Sentinel, or a server that is asked where the slots are, may take; callers may leave earlier."""
FRESH = 1.0
"""Seconds for which it is believed who the primary is."""
GRACE = 0.1
"""Seconds that a call waits for a search when something is known already."""
HOPS = 8
"""Redirections of one command."""
PAUSE = 0.05
"""Seconds before a command is sent again to a server that is just moving its keys."""
ASKED = 3
"""Servers that are asked at once where the slots are."""


class UnknownPrimary(RedisError):
    """The Sentinels answer, but look after no primary of this name."""


class NoCluster(RedisError):
    """The server answers, but is not part of a cluster."""


class Route(Protocol):
    """The way to whichever server has what a command is about."""

    @abstractmethod
    async def send(self, commands: Sequence[Words], *, patient: bool) -> list[Any]:
        """What is said to each command, in order, a refusal as `ResponseError`; raises as `Node.ask` does."""

    @abstractmethod
    async def everywhere(self, words: Words) -> dict[str, Any]:
        """What each server that takes writes says to a command, by its address."""

    @abstractmethod
    def doubt(self) -> None:
        """Look again, at the next call, where things are: the last one failed."""

    @abstractmethod
    async def aclose(self) -> None:
        """Hang up."""


def route(address: Address, *, timeout: float) -> Route:
    """The way that an address describes."""
    kinds = {"server": OneServer, "sentinel": Watched, "cluster": Spread}
    return kinds[address.form](address, timeout=timeout)


class OneServer(Route):
    """Everything goes to one server."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        (host,) = address.hosts
        self._node = Node.to(host, address.options, timeout=timeout)

    async def send(self, commands: Sequence[Words], *, patient: bool) -> list[Any]:
        """Ask the one server."""
        return await self._node.ask(commands, patient=patient)

    async def everywhere(self, words: Words) -> dict[str, Any]:
        """Ask the one server."""
        return {str(self._node): (await self._node.ask([words]))[0]}

    def doubt(self) -> None:
        """There is only one place to look at, and its connections are opened anew by themselves."""

    async def aclose(self) -> None:
        """Hang up."""
        await self._node.aclose()


class _Searching(Route):
    """A route that is looked for when first used, and after a failure; once for all who wait for it.

    Who comes during a later search goes on with what was known before, if it takes long: Sentinels may be out of reach
    while the primary is well.
    """

    def __init__(self) -> None:
        self._doubts, self._settled = 1, 0
        self._search: asyncio.Task[None] | None = None

    def doubt(self) -> None:
        """Search once more before the next call."""
        self._doubts += 1

    async def aclose(self) -> None:
        """End the search."""
        if self._search:
            self._search.cancel()
            await asyncio.wait({self._search})

    async def _looked(self) -> None:
        """Return once it is known where things are; raises what the first search raises."""
        if self._settled == self._doubts:
            return
        search = self._begun()
        if self._settled:
            await asyncio.wait({search}, timeout=GRACE)
        else:
            await asyncio.shield(search)

    def _begun(self) -> asyncio.Task[None]:
        """The search that is under way, or a new one."""
        if self._search is None or self._search.done():
            self._search = asyncio.create_task(self._found())
            self._search.add_done_callback(heard)
        return self._search

    async def _found(self) -> None:
        doubts = self._doubts
        await self._look()
        self._settled = doubts

    @abstractmethod
    async def _look(self) -> None:
        """Find out where things are."""


class Watched(_Searching):
    """Everything goes to the primary that most Sentinels name; another one after it was replaced.

    A primary that is replaced while it is well takes writes for some seconds more, and loses them. So the Sentinels are
    asked every second of use, on the side.
    """

    def __init__(self, address: Address, *, timeout: float) -> None:
        super().__init__()
        self._address, self._timeout = address, timeout
        options = address.sentinel_options or {}
        self._sentinels = [Node.to(host, options, timeout=LOOK) for host in address.hosts]
        self._node: Node | None = None
        self._asked = 0.0

    async def send(self, commands: Sequence[Words], *, patient: bool) -> list[Any]:
        """Ask the primary, once it is known."""
        return await (await self._primary()).ask(commands, patient=patient)

    async def everywhere(self, words: Words) -> dict[str, Any]:
        """Ask the primary, once it is known."""
        node = await self._primary()
        return {str(node): (await node.ask([words]))[0]}

    async def aclose(self) -> None:
        """Hang up on the primary and the Sentinels."""
        await super().aclose()
        await _close([*self._sentinels, *([self._node] if self._node else [])])

    async def _primary(self) -> Node:
        await self._looked()
        if self._node is None:
            raise Unreachable("no primary is known")
        if asyncio.get_running_loop().time() - self._asked > FRESH:
            self._begun()
        return self._node

    async def _look(self) -> None:
        self._asked = asyncio.get_running_loop().time()
        host = await self._named()
        before = self._node
        if before and before.host == host:
            return
        self._node = Node.to(host, self._address.options, timeout=self._timeout, primary=True)
        if before:
            await before.aclose()

    async def _named(self) -> Host:
        """Where the primary is: what more than half of the Sentinels say, or else most of those that answer."""
        words = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.primary)
        told = _hosts(await _answers(self._sentinels, words, enough=self._agreed))
        if not told:
            names = ", ".join(map(str, self._sentinels))
            raise UnknownPrimary(f"the Sentinels at {names} know no primary named {self._address.primary}")
        return told.most_common(1)[0][0]

    def _agreed(self, answers: Sequence[Any]) -> bool:
        return any(2 * count > len(self._sentinels) for count in _hosts(answers).values())


class Spread(_Searching):
    """Each command goes to the server that has the slot of its first key: the first word that begins with a brace."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        super().__init__()
        self._address, self._timeout = address, timeout
        self._nodes: dict[Host, Node] = {}
        self._slots: dict[int, Host] = {}
        self._primaries: list[Host] = []

    async def send(self, commands: Sequence[Words], *, patient: bool) -> list[Any]:
        """Ask each server that has some of the keys, all at once."""
        await self._looked()
        parts: dict[Host, list[int]] = {}
        for number, words in enumerate(commands):
            parts.setdefault(self._host(words), []).append(number)
        asked = (self._part(host, [commands[n] for n in numbers], patient) for host, numbers in parts.items())
        replies: list[Any] = [None] * len(commands)
        for numbers, told in zip(parts.values(), await _all(asked), strict=True):
            for number, reply in zip(numbers, told, strict=True):
                replies[number] = reply
        return replies

    async def everywhere(self, words: Words) -> dict[str, Any]:
        """Ask every primary, all at once."""
        await self._looked()
        told = await _all(self._node(host).ask([words]) for host in self._primaries)
        return {said(host): reply for host, (reply,) in zip(self._primaries, told, strict=True)}

    async def aclose(self) -> None:
        """Hang up on every server."""
        await super().aclose()
        await _close(self._nodes.values())

    async def _part(self, host: Host, commands: Sequence[Words], patient: bool) -> list[Any]:  # noqa: FBT001  (ours alone)
        replies = await self._node(host).ask(commands, patient=patient)
        pairs = zip(commands, replies, strict=True)
        return [await self._followed(words, reply, host, patient=patient) for words, reply in pairs]

    async def _followed(self, words: Words, reply: Any, host: Host, *, patient: bool) -> Any:
        """The reply of the server that has the key, wherever the one before sent us; as long as the caller waits."""
        hops = 0
        while hops < HOPS:
            hops += 1
            match reply:
                case MovedError():
                    host = _place(reply, host)
                    self._slots[reply.slot_id] = host
                    self.doubt()  # more has moved, most likely
                    (reply,) = await self._node(host).ask([words], patient=patient)
                case AskError():
                    node = self._node(_place(reply, host))
                    _, reply = await node.ask([("ASKING",), words], patient=patient)
                case TryAgainError():  # some keys of a step are here and some there, until all are moved
                    await asyncio.sleep(PAUSE)
                    (reply,) = await self._node(host).ask([words], patient=patient)
                    hops = 0
                case _:
                    break
        return reply

    def _host(self, words: Words) -> Host:
        key = next((word for word in words if isinstance(word, str) and word.startswith("{")), None)
        if key is None:
            return self._primaries[0]
        slot = key_slot(key.encode())
        if slot not in self._slots:
            self.doubt()
            raise Unreachable(f"no server of the cluster has slot {slot}")
        return self._slots[slot]

    def _node(self, host: Host) -> Node:
        if host not in self._nodes:
            self._nodes[host] = Node.to(host, self._address.options, timeout=self._timeout)
        return self._nodes[host]

    async def _look(self) -> None:
        """Ask a few of the servers that we know of, then the others, where the slots are."""
        hosts = list(dict.fromkeys([*self._primaries, *self._address.hosts]))
        for start in range(0, len(hosts), ASKED):
            asked = hosts[start : start + ASKED]
            last = start + ASKED >= len(hosts)
            try:
                await self._learn(asked)
            except (RedisError, OSError):
                if last:
                    raise
            else:
                return

    async def _learn(self, hosts: Sequence[Host]) -> None:
        nodes = [self._node(host) for host in hosts]
        told = await _answers(nodes, ("CLUSTER", "SLOTS"), enough=lambda answers: len(answers) > 0)
        slots: dict[int, Host] = {}
        for first, last, (name, port, *_), *_ in told[0]:
            if name != b"?":  # whose name is not known yet; without one it is the server that was asked
                slots |= dict.fromkeys(range(first, last + 1), (name.decode() if name else hosts[0][0], int(port)))
        if not slots:
            raise NoCluster(f"the servers at {self._address.place} are not joined to a cluster yet")
        self._slots, self._primaries = slots, sorted(set(slots.values()))
        gone = self._nodes.keys() - {*self._primaries, *self._address.hosts}
        await _close([self._nodes.pop(host) for host in gone])


def heard(task: asyncio.Future[Any]) -> None:
    """Take note of an error that came after its caller had left, so that nobody complains about it."""
    if not task.cancelled():
        task.exception()


async def _answers(nodes: Sequence[Node], words: Words, *, enough: Callable[[Sequence[Any]], bool]) -> list[Any]:
    """What those that answer soon say, until it is enough. Raises the best reason, when nobody answers."""
    asking = [asyncio.create_task(node.ask([words])) for node in nodes]
    told: list[Any] = []
    reasons: list[Exception] = []
    try:
        async with asyncio.timeout(LOOK):
            for one in asyncio.as_completed(asking):
                await _sort(one, told, reasons)
                if enough(told):
                    break
    except TimeoutError as late:
        reasons.append(late)
    finally:
        for task in asking:
            task.add_done_callback(heard)
            task.cancel()
    if not told:
        raise min(reasons, key=_rank)
    return told


async def _sort(answer: Awaitable[list[Any]], told: list[Any], reasons: list[Exception]) -> None:
    try:
        (reply,) = await answer
    except (RedisError, OSError) as error:
        reasons.append(error)
        return
    if not isinstance(reply, ResponseError):
        told.append(reply)
    elif "cluster support disabled" in str(reply):
        reasons.append(NoCluster("its servers are no cluster; write redis://HOST:PORT/DB"))
    else:
        reasons.append(reply)


def _rank(reason: Exception) -> int:
    """What an operator has to put right comes before what may pass by itself."""
    lasting = (AuthenticationError, NoCluster, ResponseError)
    return next((n for n, kind in enumerate(lasting) if isinstance(reason, kind)), len(lasting))


async def _all(asked: Iterable[Awaitable[T]]) -> list[T]:
    """What all say; raises the first error, once none of them is under way any more."""
    told = await asyncio.gather(*asked, return_exceptions=True)
    errors = (one for one in told if isinstance(one, BaseException))
    for error in errors:
        raise error
    return [one for one in told if not isinstance(one, BaseException)]


async def _close(nodes: Iterable[Node]) -> None:
    await asyncio.gather(*(node.aclose() for node in nodes))


def _place(moved: AskError, asked: Host) -> Host:
    """Where a redirection sends us; without a name, to another port of the server that said so."""
    host = cast("str", moved.host)  # pyright: ignore[reportUnknownMemberType]  (untyped)
    return host or asked[0], moved.port


def _hosts(answers: Iterable[Any]) -> Counter[Host]:
    return Counter((name.decode(), int(port)) for name, port in filter(None, answers))
