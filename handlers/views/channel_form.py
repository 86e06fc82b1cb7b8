"""The form with a channel's settings."""

from collections.abc import Iterator, Mapping

from bot.channels import ChannelSettings
from bot.screens import ChannelForm
from handlers.buttons import Entry, Form, Seal
from handlers.views.blocks import Block, remark
from handlers.views.pieces import (
    LONGEST_BUTTON,
    LONGEST_TITLE,
    channel,
    line,
    markup,
    modal,
    plain,
    section,
    source_names,
)

TITLE = "Channel settings"
MOST_SOURCES = 100
"""Options that a menu takes."""
LONGEST_NAME = 150
"""Characters of an option's value; a source with a longer name cannot be chosen."""
ON = "on"
"""Value of the one box that can be ticked."""

MODES: Mapping[str, tuple[str, str]] = {
    "continue": ("Answer follow-up questions", "Until somebody else in the thread is addressed by name."),
    "offer": ("Offer to answer", "The writer alone is asked whether I should."),
    "mention": ("Answer only when mentioned", "Everything else in the thread is left alone."),
}
TONES: Mapping[str, tuple[str, str]] = {
    "full": ("Full", "What the docs say, in a few sentences."),
    "brief": ("Brief", "The one sentence that answers."),
}
AUTO = ("Answer questions that name nobody", "Only when the docs are clear; otherwise I stay quiet.")


def channel_form(form: ChannelForm, *, person: str, seal: Seal) -> Block:
    """The modal, filled with how the channel is set now; it says for whom and for which channel it was made."""
    return {
        **modal(TITLE, _parts(form)),
        "submit": plain("Save", limit=LONGEST_TITLE),
        "close": plain("Cancel", limit=LONGEST_TITLE),
        "callback_id": str(Form.CHANNEL),
        "private_metadata": seal.close(Form.CHANNEL, form.channel, person),
    }


def offered(form: ChannelForm) -> tuple[str, ...]:
    """The sources that the form offers: those chosen now come first, so that saving never drops one unseen."""
    fits = (name for name in dict.fromkeys((*form.now.sources, *form.sources)) if 0 < len(name) <= LONGEST_NAME)
    return tuple(fits)[:MOST_SOURCES]


def _parts(form: ChannelForm) -> Iterator[Block]:
    now, sources = form.now, offered(form)
    yield section(markup(f"How I behave in {channel(form.channel) or 'this conversation'}."))
    yield _field(Entry.MODE, "In threads where I take part", _choices("radio_buttons", MODES, now.mode))
    yield _field(Entry.AUTO_ANSWER, "Outside threads", _box(ticked=now.auto_answer), optional=True)
    if sources:
        hint = "Leave empty to search all of them."
        yield _field(Entry.SOURCES, "Sources", _menu(sources, now), optional=True, hint=hint)
    if len(sources) < len({*form.now.sources, *form.sources}):
        yield remark(f"{len(sources)} of {len({*form.now.sources, *form.sources}):,} sources can be chosen here.")
    yield _field(Entry.TONE, "Answers", _choices("radio_buttons", TONES, now.tone))
    yield _field(Entry.HUMANS, "Who “Ask a person” brings in", _humans(now), optional=True, hint=_HOW_TO_FIND)


_HOW_TO_FIND = (
    "The id of a user group (S…) or of a person (U… or W…): open the group or the profile in Slack, "
    "then ⋮, then Copy group ID or Copy member ID."
)


def _field(entry: Entry, name: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    """A field whose errors can be shown: the block is called like what is in it."""
    return {
        "type": "input",
        "block_id": str(entry),
        "label": plain(name, limit=100),
        "element": {"action_id": str(entry), **element},
        "optional": optional,
        **({"hint": plain(hint, limit=300)} if hint else {}),
    }


def _option(value: str, name: str, description: str = "") -> Block:
    said = {"description": plain(description, limit=LONGEST_BUTTON)} if description else {}
    return {"value": value, "text": plain(name, limit=LONGEST_BUTTON), **said}


def _choices(kind: str, choices: Mapping[str, tuple[str, str]], chosen: str) -> Block:
    options = {value: _option(value, *said) for value, said in choices.items()}
    return {"type": kind, "options": list(options.values()), "initial_option": options[chosen]}


def _box(*, ticked: bool) -> Block:
    box = _option(ON, *AUTO)
    return {"type": "checkboxes", "options": [box], **({"initial_options": [box]} if ticked else {})}


def _menu(sources: tuple[str, ...], now: ChannelSettings) -> Block:
    named = source_names(sources)
    options = {name: _option(name, named[name] or "–") for name in sources}
    chosen = [options[name] for name in dict.fromkeys(now.sources) if name in options]
    return {
        "type": "multi_static_select",
        "placeholder": plain("All sources", limit=LONGEST_BUTTON),
        "options": list(options.values()),
        **({"initial_options": chosen} if chosen else {}),
    }


def _humans(now: ChannelSettings) -> Block:
    written = line(now.humans, limit=LONGEST_BUTTON)
    return {
        "type": "plain_text_input",
        "max_length": LONGEST_BUTTON,
        "placeholder": plain("S0123ABCD", limit=LONGEST_BUTTON),
        **({"initial_value": written} if written else {}),
    }
