"""The settings, read so that one that cannot be used hides no other."""

from __future__ import annotations

from collections.abc import Mapping

from bot.doctor.findings import Finding, error, ok
from bot.errors import Misconfigured
from bot.settings import VARIABLES, Settings, load

SETTINGS = "Settings"
_SEE = "correct it, or leave it out; docs/guide/configuration.md has every setting"


def read(environment: Mapping[str, str]) -> tuple[Settings, frozenset[str], list[Finding]]:
    """The settings without those variables that cannot be used; these by name, and what is wrong with them."""
    left, found, without = dict(environment), list[Finding](), set[str]()
    while True:
        try:
            settings = load(left)
        except Misconfigured as why:
            bad = _named(str(why), left)
            found += _told(str(why))
            without |= bad
            left = {name: value for name, value in left.items() if name not in bad} if bad else {}
            continue
        return settings, frozenset(without), found or _sound(environment)


def _named(why: str, environment: Mapping[str, str]) -> set[str]:
    """The variables that a sentence of `load` speaks of."""
    name = why.partition(" ")[0]
    if name == "FOOTNOTE_HTTP_PORT" and name not in environment:
        name = "PORT"
    return {name} & environment.keys()


def _told(why: str) -> list[Finding]:
    said, _, remedy = why.partition("; ")
    return error(SETTINGS, said, f"{remedy} {_SEE}" if remedy.endswith("?") else remedy or _SEE)


def _sound(environment: Mapping[str, str]) -> list[Finding]:
    given = [variable.name for variable in VARIABLES if environment.get(variable.name, "").strip()]
    return ok(SETTINGS, f"{len(given)} set: {', '.join(given)}" if given else "none set; the defaults hold")
