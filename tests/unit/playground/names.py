"""A few names for ids, for tests of what is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SomeNames:
    """Ana, #general and @people-ops; nobody else."""

    def person(self, user_id: str) -> str | None:
        """Ana."""
        return {"U07ANARBRO1": "Ana Ribeiro"}.get(user_id)

    def room(self, channel_id: str) -> str | None:
        """The one channel."""
        return {"C07GENERAL1": "general"}.get(channel_id)

    def usergroup(self, group_id: str) -> str | None:
        """The one group."""
        return {"S07PEOPLEOP": "people-ops"}.get(group_id)


NAMES = SomeNames()
