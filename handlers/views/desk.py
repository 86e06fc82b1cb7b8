"""The part of the Home tab that admins see: channels, the week, what went unanswered, what is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.budgets import Limits, Scope, Today
from bot.channels import Change, ChannelSettings
from bot.screens import Desk, Week
from bot.words.counting import counted
from handlers.buttons import Action
from handlers.views.blocks import Block, escaped, remark, small
from handlers.views.pieces import (
    bullets,
    channel,
    divider,
    heading,
    labelled,
    line,
    markup,
    moment_in_words,
    person,
    plain,
    row,
    section,
    source_names,
    words,
)

MOST_CHANNELS, MOST_UNANSWERED, MOST_PROBLEMS = 20, 10, 10
"""What is listed, of each kind."""
MOST_TURNED_AWAY = 5
"""People of whom questions were turned away who are named."""
MOST_NAMED = 3
"""Sources of a channel that are named."""

_FIELD_IN_WORDS = {
    "mode": "threads",
    "auto_answer": "questions that name nobody",
    "sources": "sources",
    "tone": "answers",
    "humans": "who is asked",
}
_MODE_IN_WORDS = {"continue": "answers follow-ups", "offer": "offers to answer", "mention": "only when mentioned"}


def desk_blocks(desk: Desk, *, now: datetime) -> Iterator[Block]:
    """The blocks below a rule of their own."""
    yield divider()
    yield heading("For admins")
    yield from _problems(desk.problems)
    yield from _today(desk.today, desk.limits)
    yield labelled("This week", row(*words(_week(desk.week))))
    yield from _unanswered(desk.unanswered)
    yield from _channels(desk.channels)
    yield from _changes(desk.changes, now)


def _problems(problems: Sequence[str]) -> Iterator[Block]:
    if not problems:
        return
    shown = [row(*words(f"⚠ {line(problem) or '–'}")) for problem in problems[:MOST_PROBLEMS]]
    yield labelled("Problems", bullets(shown))
    if len(problems) > MOST_PROBLEMS:
        yield remark(f"and {len(problems) - MOST_PROBLEMS:,} more")


def _week(week: Week) -> str:
    if not week.questions:
        return "No questions."
    share = f"{100 * week.answered // week.questions}% answered"
    rated = week.good + week.bad
    liked = f"👍 {week.good:,} 👎 {week.bad:,}" if rated else "not rated yet"
    people = "1 person" if week.people == 1 else f"{week.people:,} people"
    return f"{counted(week.questions, 'question')} from {people} · {share} · {liked} · ${week.cost:,.2f}"


def _today(today: Today, limits: Limits) -> Iterator[Block]:
    """What the day has cost, and what was turned away: by which limit, and whose questions most often."""
    spent = f"${today.dollars:,.2f}{f' of ${limits.workspace_cost:,.2f}' if limits.workspace_cost else ''}"
    away = sum(today.turned_away.values())
    said = f"{spent} · {counted(away, 'question')} turned away" if away else f"{spent} · nobody was turned away"
    shown = [
        row(*words(f"{counted(times, 'question')} over {_limit(scope, limits)}"))
        for scope, times in today.turned_away.items()
    ]
    yield labelled("Today", row(*words(said)), *([bullets(shown)] if shown else []))
    most = sorted(today.people.items(), key=lambda one: -one[1])[:MOST_TURNED_AWAY]
    if most:
        yield small("Turned away most often: " + ", ".join(f"{person(who)} {times:,}" for who, times in most))


def _limit(scope: Scope, limits: Limits) -> str:
    match scope:
        case "person_minute":
            return f"one person’s {limits.person_minute:,} a minute"
        case "person_day":
            return f"one person’s {limits.person_day:,} a day"
        case "channel_day":
            return f"a channel’s {limits.channel_day:,} a day"
        case "workspace_day":
            return f"the workspace’s {limits.workspace_day:,} a day"
        case "person_cost":
            return f"one person’s ${limits.person_cost:,.2f} a day"
        case "workspace_cost":
            return f"the workspace’s ${limits.workspace_cost:,.2f} a day"


def _unanswered(unanswered: Sequence[tuple[str, int]]) -> Iterator[Block]:
    shown = [
        row(*words(f"{line(question) or '–'}{f' · asked {times:,} times' if times > 1 else ''}"))
        for question, times in unanswered[:MOST_UNANSWERED]
    ]
    yield labelled("The docs did not say", bullets(shown) if shown else row(*words("Nothing was left unanswered.")))


def _channels(channels: Mapping[str, ChannelSettings]) -> Iterator[Block]:
    choose = {
        "type": "conversations_select",
        "action_id": str(Action.EDIT_CHANNEL),
        "placeholder": plain("Choose a channel", limit=75),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    yield section(markup("*Channels*"), beside=choose)
    for room, settings in [*channels.items()][:MOST_CHANNELS]:
        yield small(f"{channel(room) or 'a direct message'}   {escaped(_settings(settings))}")
    if len(channels) > MOST_CHANNELS:
        yield remark(f"and {counted(len(channels) - MOST_CHANNELS, 'channel')} more")


def _changes(changes: Sequence[Change], now: datetime) -> Iterator[Block]:
    for change in changes:
        who, where = person(change.person) or "somebody", channel(change.channel) or "a channel"
        before, after = (_value(change.field, value) for value in (change.before, change.after))
        what = f"{line(_FIELD_IN_WORDS.get(change.field, change.field))}: {before} → {after}"
        yield small(f"Changed by {who} in {where}: {escaped(what)} · {moment_in_words(change.at, now=now)}")


def _value(field: str, value: str) -> str:
    """What a setting was, in the words of the form it was set in."""
    if field == "mode":
        return _MODE_IN_WORDS.get(value) or line(value)
    if field == "auto_answer":
        return {"True": "answered", "False": "left alone"}.get(value) or line(value)
    if field == "sources" and value:
        return line(", ".join(source_names(value.split(", ")).values()))
    return line(value) or "nothing"


def _settings(settings: ChannelSettings) -> str:
    named = ", ".join([*source_names(settings.sources).values()][:MOST_NAMED])
    more = len(settings.sources) - MOST_NAMED
    parts = (
        _MODE_IN_WORDS[settings.mode],
        settings.auto_answer and "answers by itself",
        named and f"from {named}{f' and {more:,} more' if more > 0 else ''}",
        settings.tone == "brief" and "brief",
        settings.humans and "a person can be asked",
    )
    return " · ".join(part for part in parts if part)
