"""Checks run side by side, each to its own end, and their findings are fit to be shown."""

from __future__ import annotations

import asyncio

from bot.doctor.findings import LONGEST, Check, Findings, error, look_at, ok, tidy
from bot.errors import Misconfigured
from tests.unit.doctor.installation import ignored


async def _sound() -> Findings:
    return ok("sound", "all is well")


async def _bad() -> Findings:
    return error("bad", "it is broken", "mend it")


async def _raises() -> Findings:
    raise Misconfigured("this is wrong; do that")


async def _breaks() -> Findings:
    raise ZeroDivisionError("xoxb-never-shown")


async def _hangs() -> Findings:
    await asyncio.Event().wait()
    return None


async def _cannot_look() -> Findings:
    return None


async def test_one_broken_check_hides_no_other() -> None:
    """Errors of ours, of others and silence become findings; the rest is found as ever, in the order of the checks."""
    checks = [
        Check("breaks", _breaks),
        Check("hangs", _hangs, deadline=0.01),
        Check("raises", _raises),
        Check("sound", _sound),
    ]
    found = await look_at(checks, on_done=ignored)
    told = [(one.level, one.name, one.said, one.remedy) for one in found.findings]
    assert told[0][:3] == ("error", "breaks", "the check itself broke (ZeroDivisionError)")
    assert told[1][:3] == ("error", "hangs", "no answer within 0.01 s")
    assert told[2] == ("error", "raises", "this is wrong", "do that")
    assert told[3] == ("ok", "sound", "all is well", "")


async def test_what_needs_a_broken_thing_is_left_out_by_name() -> None:
    """A check whose ground is gone is no second error, however far down it stands."""
    checks = [
        Check("sound", _sound),
        Check("bad", _bad),
        Check("blind", _cannot_look),
        Check("on bad", _sound, needs=("sound", "bad")),
        Check("on blind", _sound, needs=("blind",)),
        Check("on that", _sound, needs=("on bad",)),
        Check("on broken", _sound, needs=("breaks",)),
        Check("breaks", _breaks),
        Check("on what is not looked at", _sound, needs=("something else",)),
    ]
    found = await look_at(checks, on_done=ignored)
    assert found.unchecked == ("blind", "on bad", "on blind", "on that")
    assert [one.name for one in found.findings] == ["sound", "bad", "sound", "breaks", "sound"]


async def test_progress_is_told() -> None:
    """Each check that ends is counted, up to all of them."""
    heard: list[tuple[int, int]] = []
    await look_at([Check(name, _sound) for name in "abc"], on_done=lambda done, of: heard.append((done, of)))
    assert heard[-1] == (3, 3)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})


def test_what_is_shown_is_one_clean_line() -> None:
    """No line breaks, no escape sequences, no token, no end of text without an end."""
    shown = tidy("a\nb\x1b[31mred\x07 xoxb-1234-5678-abc redis://me:word@host/0 " + "x" * 1000)
    assert shown.startswith("a b [31mred … redis://…@host/0 xxx")
    assert len(shown) == LONGEST
