"""Values as they lie in Redis: versioned JSON that old and new processes can read side by side."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

T = TypeVar("T")


class Damaged(ValueError):
    """These bytes are no value of the expected kind."""


class Newer(ValueError):
    """A newer Footnote wrote this value, in a way that this one does not know."""


class _Envelope(BaseModel):
    v: int
    kind: str
    value: Any


class Stored(Generic[T]):
    """How values of one type are stored. `version` rises when an older reader would misread what is written.

    A field that an older reader may ignore needs no new version: unknown fields are passed over.
    """

    def __init__(self, kind: type[T], *, version: int = 1) -> None:
        self._kind = kind.__name__
        self._version = version
        self._values = TypeAdapter(kind)

    def dump(self, value: T) -> bytes:
        """The value as JSON, marked with its kind and version."""
        plain = self._values.dump_python(value, mode="json")
        return _Envelope(v=self._version, kind=self._kind, value=plain).model_dump_json().encode()

    def load(self, raw: bytes) -> T:
        """The value that `dump` wrote. Raises `Newer` for a later version or an unknown kind, else `Damaged`."""
        try:
            envelope = _Envelope.model_validate_json(raw)
            if envelope.v > self._version or envelope.kind != self._kind:
                raise Newer(f"{envelope.kind} of version {envelope.v} cannot be read by this version of Footnote")
            return self._values.validate_python(envelope.value)
        except ValidationError as error:
            raise Damaged(f"{self._kind} cannot be read: {error.error_count()} mistakes in it") from error

    def readable(self, raw: Iterable[bytes | None]) -> list[T]:
        """Those that are there and can be read: a list may leave out what a newer Footnote wrote."""
        found: list[T] = []
        for one in raw:
            with suppress(Newer, Damaged):
                found += [self.load(one)] if one else []
        return found


class OneOf(Generic[T]):
    """How values of several types are stored: the envelope says which. A kind that nobody here knows is `Newer`."""

    def __init__(self, kinds: Iterable[type[T]]) -> None:
        self._stored = {kind.__name__: Stored(kind) for kind in kinds}

    def dump(self, value: T) -> bytes:
        """The value as JSON, marked with its kind and version."""
        return self._stored[type(value).__name__].dump(value)

    def load(self, raw: bytes) -> T:
        """The value that `dump` wrote. Raises `Newer` or `Damaged`."""
        try:
            kind = _Envelope.model_validate_json(raw).kind
        except ValidationError as error:
            raise Damaged(f"this cannot be read: {error.error_count()} mistakes in it") from error
        if kind not in self._stored:
            raise Newer(f"{kind} is not known to this version of Footnote")
        return self._stored[kind].load(raw)
