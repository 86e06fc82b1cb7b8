"""The settings, read so that one that cannot be used hides no other."""

from __future__ import annotations

from collections.abc import Mapping

from bot.doctor.findings import Finding, error, ok
from bot.errors import Misconfigured
from bot.settings import VARIABLES, Settings, load

SETTINGS = "Settings"
_PURPOSES = {variable.name: variable.purpose.replace("*", "").replace("`", "") for variable in VARIABLES}
_PLAIN: Mapping[str, str] = {
    "Input should be a valid integer": "it is no whole number",
    "Input should be a valid number": "it is no number",
    "Input should be a valid URL": "it is no address",
    "Input tag": "it is none of the choices",
    "URL scheme should be": "its address begins with something else than it may",
}
"""How what pydantic says begins, and how it is told."""
_SEE = "docs/guide/configuration.md has every setting"


def read(environment: Mapping[str, str]) -> tuple[Settings, frozenset[str], list[Finding]]:
    """The settings without those variables that cannot be used; these by name, and what is wrong with them."""
    left, found = dict(environment), list[Finding]()
    while why := _trouble(left):
        culprit = _culprit(left, why)
        del left[culprit]
        found += _told(culprit, why)
    return load(left), frozenset(environment.keys() - left.keys()), found or _sound(environment)


def _trouble(environment: Mapping[str, str]) -> str:
    """What is wrong first; empty when nothing is."""
    try:
        load(environment)
    except Misconfigured as why:
        return str(why)
    return ""


def _culprit(environment: Mapping[str, str], why: str) -> str:
    """The variable without which that would not be wrong."""
    ours = [name for name in environment if name in _PURPOSES or name.startswith("FOOTNOTE_") or name == "PORT"]
    without = ({key: value for key, value in environment.items() if key != name} for name in ours)
    return next(name for name, rest in zip(ours, without, strict=True) if _trouble(rest) != why)


def _told(culprit: str, why: str) -> list[Finding]:
    said, _, remedy = why.partition("; ")
    if remedy and not remedy.endswith("?"):
        return error(SETTINGS, said, remedy)
    if culprit not in _PURPOSES and culprit != "PORT":
        guess = f"{remedy} If not, " if remedy else ""
        return error(SETTINGS, f"{culprit} is not a setting", f"{guess}leave it out; {_SEE}")
    words = said.partition(": ")[2]
    usual = words.replace("Input should", "it should", 1)
    plain = next((plain for beginning, plain in _PLAIN.items() if words.startswith(beginning)), usual)
    purpose = _PURPOSES.get(culprit) or _PURPOSES["FOOTNOTE_HTTP_PORT"]
    return error(SETTINGS, f"{culprit} cannot be used: {plain}", f"correct it, or leave it out: {purpose}")


def _sound(environment: Mapping[str, str]) -> list[Finding]:
    given = [name for name in _PURPOSES if environment.get(name, "").strip()]
    return ok(SETTINGS, f"{len(given)} set: {', '.join(given)}" if given else "none set; the defaults hold")
