"""The whole examination: which checks there are, in which order, and which wait for which."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.doctor import backends, index, machine, memory, people, slack, tokens
from bot.doctor import settings as variables
from bot.doctor.findings import Check, Findings, Found, Look, look_at
from bot.doctor.wire import PATIENCE, Wire, open_wire
from handlers.tokens import Transport

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings

_OF_MEMORY = frozenset({"REDIS_URL", "FOOTNOTE_MEMORY", "REDIS_SERVER_BIN"})
_OF_SLACK = frozenset({"SLACK_API_URL"})


async def examine(
    environment: Mapping[str, str],
    *,
    transport: Transport,
    now: Callable[[], datetime],
    on_done: Callable[[int, int], None],
    secrets: Path | None = None,
    patience: float = PATIENCE,
) -> Found:
    """Look at the installation that these variables describe, for `serve` over this transport.

    `on_done` is told how many checks are done, and of how many. `secrets` is the file from which variables were read,
    if any; Slack may take `patience` seconds for each answer.
    """
    settings, without, told = variables.read(environment)
    async with open_wire(str(settings.slack.api_url), patience=patience) as wire:
        patient = Patient(settings, wire, now)
        checks = [
            *([] if without & _OF_SLACK else patient.slack(transport)),
            *patient.machine(transport),
            *([] if without & _OF_MEMORY else patient.memory()),
            *patient.backends(),
            *patient.index(),
        ]
        found = await look_at(checks, on_done=on_done)
    unseen = [slack.SLACK] * bool(without & _OF_SLACK) + [memory.REDIS] * bool(without & _OF_MEMORY)
    if secrets is not None:
        told += machine.secrets(secrets)
    return Found((*told, *found.findings), (*unseen, *found.unchecked))


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined; each method gives some of the checks."""

    settings: Settings
    wire: Wire
    now: Callable[[], datetime]

    # --- Slack ------------------------------------------------------------------------------------------------------

    def slack(self, transport: Transport) -> list[Check]:
        """That Slack answers, takes the secrets, has granted what the bot needs, and knows whom the settings name."""
        return [
            Check(slack.SLACK, partial(slack.reached, self.wire, token=self._token)),
            self._bot_token(),
            Check(slack.GRANTED, self._scopes, needs=(tokens.BOT,)),
            *(self._over_http() if transport == "http" else self._over_socket()),
            *self._workspace(),
            Check(slack.CLOCK, self._clock, needs=(slack.SLACK,)),
        ]

    @property
    def _token(self) -> str:
        """The bot token, empty when it is none: another secret is not sent to where it does not belong."""
        token = _plain(self.settings.slack.bot_token)
        return "" if tokens.bot_token(token) else token

    def _bot_token(self) -> Check:
        secrets = self.settings.slack
        amiss = tokens.bot_token(_plain(secrets.bot_token), app_token=_plain(secrets.app_token))
        if amiss:
            return Check(tokens.BOT, _at_once(lambda: amiss))
        accepted = _at_once(lambda: slack.bot_token(self.wire.met, token=self._token))
        return Check(tokens.BOT, accepted, needs=(slack.SLACK,))

    async def _scopes(self) -> Findings:
        return slack.scopes(self.wire.met.scopes)

    async def _clock(self) -> Findings:
        return slack.clock(self.wire.met.date, now=self.now())

    def _over_socket(self) -> list[Check]:
        value, other = _plain(self.settings.slack.app_token), _plain(self.settings.slack.bot_token)
        amiss = tokens.app_token(value, bot_token=other)
        if amiss:
            return [Check(tokens.APP, _at_once(lambda: amiss)), Check(slack.SOCKET, _never, needs=(tokens.APP,))]
        return [
            Check(tokens.APP, partial(slack.app_token, self.wire, value=value), needs=(slack.SLACK,)),
            Check(slack.SOCKET, partial(slack.socket_mode, self.wire, bot_token=self._token), needs=(tokens.APP,)),
        ]

    def _over_http(self) -> list[Check]:
        secret = _plain(self.settings.slack.signing_secret)
        return [Check(tokens.SIGNING, _at_once(lambda: tokens.signing_secret(secret)))]

    def _workspace(self) -> list[Check]:
        wire, token, ids = self.wire, self._token, self.settings.slack
        looks: list[tuple[str, object, Look]] = [
            (people.CHANNELS, True, partial(people.channels, wire, token=token)),
            (people.ADMINS, ids.admins, partial(people.admins, wire, token=token, ids=ids.admins)),
            (people.HUMANS, ids.humans, partial(people.humans, wire, token=token, called=ids.humans)),
            (people.HELP, ids.help_channel, partial(people.help_channel, wire, token=token, channel=ids.help_channel)),
        ]
        return [Check(name, look, needs=(tokens.BOT,)) for name, wanted, look in looks if wanted]

    # --- everything else --------------------------------------------------------------------------------------------

    def machine(self, transport: Transport) -> list[Check]:
        """That there is a place to keep things, room in it, and a port to listen on."""
        home, http = self.settings.home, self.settings.http
        found = [
            Check(machine.HOME, _at_once(partial(machine.home, home))),
            Check(machine.DISK, _at_once(partial(machine.disk, home)), needs=(machine.HOME,)),
        ]
        if transport == "http":
            found.append(Check(machine.PORT, partial(machine.port, http.host, http.port)))
        return found

    def memory(self) -> list[Check]:
        """That what is accepted is kept."""
        return [Check(memory.REDIS, partial(memory.server, self.settings), needs=(machine.HOME,))]

    def backends(self) -> list[Check]:
        """That each vendor of the settings answers, takes our key, and has the models."""
        looks = backends.looks(self.settings)
        return [Check(name, look, deadline=backends.PATIENCE) for name, look in looks.items()]

    def index(self) -> list[Check]:
        """That there is something to answer from, and that it is fresh."""
        needs = (machine.HOME, *backends.looks(self.settings))
        own = [Check(index.MODEL, partial(index.model, self.settings))]
        return [
            *(own if self.settings.models.embedder == "local" else []),
            Check(index.INDEX, partial(index.index, self.settings), needs=needs),
            Check(index.SOURCES, self._sources, needs=(machine.HOME,)),
        ]

    async def _sources(self) -> Findings:
        return await index.sources(self.settings, now=self.now())


def _at_once(look: Callable[[], Findings]) -> Look:
    """A look that asks nobody but this machine, off the event loop: a disk may hang."""
    return partial(asyncio.to_thread, look)


async def _never() -> Findings:
    return None


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
