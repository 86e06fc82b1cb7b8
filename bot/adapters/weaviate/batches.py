"""Writing many objects: in slices, tried again where that can help, and those that are refused named."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import UUID

from weaviate import WeaviateAsyncClient
from weaviate.classes.data import DataObject
from weaviate.classes.query import FilterReturn
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError, WeaviateInsertManyAllFailedError

from bot.adapters.weaviate.client import Gone, Line, said
from bot.errors import IndexUnavailable

SLICE: Final = 250
"""Objects in one message: a server writes them well within the deadline."""
TOLD: Final = 160
"""Characters of what the server says of an object that are passed on."""
_PASSING: Final = (
    *("deadline", "timeout", "timed out", "unavailable", "connection", "leader", "not ready", "cancel", "memory"),
    *("overload", "too many", "broadcast", "replica", "read-only", "readonly", "shutting down", "eof"),
)
"""Words of errors that are about the server, not about the object."""

Object = DataObject[Mapping[str, Any], None]
T = TypeVar("T")


async def persistently(line: Line, work: Callable[[WeaviateAsyncClient], Awaitable[T]]) -> T:
    """Do a piece of writing that may be done twice, again while the server cannot be used, for a while.

    Raises `IndexUnavailable` when it still cannot be, `Unusable` at once.
    """
    for pause in line.pauses:
        try:
            async with line.writing() as client:
                return await work(client)
        except Gone:
            raise
        except IndexUnavailable:
            await asyncio.sleep(pause)
    async with line.writing() as client:
        return await work(client)


async def insert(line: Line, name: str, objects: Sequence[Object]) -> dict[str, str]:
    """Write objects, over those of the same id. For each that was refused for what it is, by id: why."""
    refused: dict[str, str] = {}
    for start in range(0, len(objects), SLICE):
        refused |= await _insert(line, name, objects[start : start + SLICE])
    return refused


async def _insert(line: Line, name: str, objects: Sequence[Object]) -> dict[str, str]:
    try:
        return await persistently(line, lambda client: _once(line, client, name, objects))
    except (_AllRefused, UnicodeError) as error:
        if len(objects) == 1:
            return {str(objects[0].uuid): _reason(error)}
    half = len(objects) // 2  # which of them it is, nobody says
    return await _insert(line, name, objects[:half]) | await _insert(line, name, objects[half:])


class _AllRefused(Exception):
    """None of the objects was taken; the message is the server's."""


async def _once(line: Line, client: WeaviateAsyncClient, name: str, objects: Sequence[Object]) -> dict[str, str]:
    """Raises `IndexUnavailable` when some were not written for a reason that may pass."""
    try:
        result = await line.part(client, name).data.insert_many(list(objects))
    except WeaviateInsertManyAllFailedError as error:
        _raise_if_not_its_fault(str(error), line)
        raise _AllRefused(str(error)) from error
    refused: dict[str, str] = {}
    for number, error in result.errors.items():
        _raise_if_not_its_fault(error.message, line)
        refused[str(objects[number].uuid)] = error.message[:TOLD]
    return refused


def _raise_if_not_its_fault(message: str, line: Line) -> None:
    """Raises what the message means where it is about the server or about us, not about the object."""
    meaning = said(WeaviateBaseError(message), line.place)
    if type(meaning) is not IndexUnavailable or any(words in message.lower() for words in _PASSING):
        raise meaning


def _reason(error: Exception) -> str:
    return "it holds half a character" if isinstance(error, UnicodeError) else str(error)[-TOLD:]


async def delete(line: Line, name: str, where: FilterReturn) -> None:
    """Delete all that matches, however much that is: a server takes ten thousand at once."""
    while True:
        if not await persistently(line, lambda client: _delete(line, client, name, where)):
            return


async def _delete(line: Line, client: WeaviateAsyncClient, name: str, where: FilterReturn) -> int:
    """How many objects matched."""
    result = await line.part(client, name).data.delete_many(where)
    if result.failed:
        raise IndexUnavailable(f"Weaviate at {line.place} could not delete {result.failed} of {result.matches} objects")
    return result.matches


async def update(line: Line, name: str, uuids: Sequence[UUID | str], properties: Mapping[str, Any]) -> None:
    """Change some properties of objects, of each at once, and leave the rest; one that is not there is passed over."""
    for start in range(0, len(uuids), _UPDATING):
        tried = (_update(line, name, uuid, properties) for uuid in uuids[start : start + _UPDATING])
        for failed in await asyncio.gather(*tried, return_exceptions=True):
            if failed is not None:
                raise failed


async def _update(line: Line, name: str, uuid: UUID | str, properties: Mapping[str, Any]) -> None:
    async def change(client: WeaviateAsyncClient) -> None:
        try:
            await line.part(client, name).data.update(uuid, properties)
        except UnexpectedStatusCodeError as error:
            if error.status_code != HTTPStatus.NOT_FOUND:
                raise

    await persistently(line, change)


_UPDATING: Final = 8
"""Objects that are changed at a time."""
