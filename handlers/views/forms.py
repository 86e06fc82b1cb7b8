"""The modals that can be shown at once, and the line that acknowledges a question: nothing in them has to be found."""

from typing import Any, TypeAlias

from bot.feedback import Feedback, Reason
from handlers.buttons import Action, Entry, Form
from handlers.views.blocks import LONGEST_LABEL, Block, Message, remark
from handlers.views.pieces import LONGEST_BUTTON, LONGEST_LINE, LONGEST_TITLE, button, line, modal, plain, section

View: TypeAlias = dict[str, Any]

LONGEST_QUESTION = 1_000
LONGEST_WORDS = 3_000
"""Characters that an entry takes; Slack's own limit."""

REASONS = {
    Reason.WRONG: "It is wrong",
    Reason.OUTDATED: "It is outdated",
    Reason.NOT_ASKED: "It is not what I asked",
    Reason.SOURCE_MISSING: "A source is missing",
    Reason.OTHER: "Something else",
}
IN_THREAD, ONLY_ME = "thread", "me"


def searching(question: str, again: str) -> Message:
    """The private line that shows a question was taken; `again` is the sealed value of its button.

    Slack replaces no answer to a command: the line stands above the answer, so that it says what stays true.
    """
    asked = plain(line(question), limit=LONGEST_LINE)
    return Message(
        "Searching the docs…",
        (
            section(asked, beside=button("Ask again", Action.AGAIN, again)),
            remark("Searching the docs: the answer follows here."),
        ),
    )


def loading(title: str) -> View:
    """A modal that waits to be filled."""
    return modal(title, [_line("One moment…")])


def note(title: str, text: str) -> View:
    """A modal of one line, for a place where no private line can be written."""
    return modal(title, [_line(text)])


def feedback_form(sealed: str, earlier: Feedback | None) -> View:
    """What was not good about an answer; filled in with what the person said of it before."""
    chosen = earlier.reasons if earlier else ()
    reasons: Block = {
        "type": "checkboxes",
        "action_id": Entry.REASONS,
        "options": [_option(words, reason) for reason, words in REASONS.items()],
    }
    if chosen:
        reasons["initial_options"] = [_option(REASONS[reason], reason) for reason in chosen]
    words = _text(Entry.WORDS, initial=earlier.words if earlier else "", lines=True)
    return _form(
        Form.FEEDBACK,
        "What was not good?",
        "Send",
        sealed,
        _entry("Reasons", reasons, optional=True),
        _entry("What should it say?", words, optional=True),
        remark("This helps to mend the docs and the search."),
    )


def follow_up_form(sealed: str) -> View:
    """The next question of a private conversation, which has no thread to write it in."""
    question = _text(Entry.QUESTION, limit=LONGEST_QUESTION, lines=True)
    return _form(Form.FOLLOW_UP, "Ask a follow-up", "Ask", sealed, _entry("Your question", question))


def ask_form(sealed: str) -> View:
    """A question from the Home tab."""
    question = _text(Entry.QUESTION, limit=LONGEST_QUESTION, lines=True)
    told = remark("The answer comes in your direct messages with me.")
    return _form(Form.ASK, "Ask", "Ask", sealed, _entry("Your question", question), told)


def resolve_form(sealed: str) -> View:
    """What a person answered where the docs do not say."""
    answer = _text(Entry.ANSWER, lines=True)
    told = remark("People will find it next time, once somebody puts it into the docs.")
    return _form(Form.RESOLVE, "Resolve", "Resolve", sealed, _entry("What was the answer?", answer), told)


def answer_this_form(sealed: str, *, member: bool) -> View:
    """Where the answer to a chosen message goes; where we are no `member`, to the person alone."""
    thread = _option("In the thread", IN_THREAD, "Everyone in the channel reads it.")
    alone = _option("Only to me", ONLY_ME, "Nobody else sees it; you can share it afterwards.")
    options = [thread, alone] if member else [alone]
    where: Block = {
        "type": "radio_buttons",
        "action_id": Entry.WHERE,
        "options": options,
        "initial_option": options[0],
    }
    told = () if member else (remark("I can't write here. In a channel, add me to have it answered in the thread."),)
    return _form(Form.ANSWER_THIS, "Answer this", "Answer", sealed, _entry("Where?", where), *told)


# --- parts ----------------------------------------------------------------------------------------------------------


def _form(kind: Form, title: str, submit: str, sealed: str, *blocks: Block) -> View:
    return {
        **modal(title, blocks),
        "callback_id": str(kind),
        "private_metadata": sealed,
        "submit": plain(submit, limit=LONGEST_TITLE),
        "close": plain("Cancel", limit=LONGEST_TITLE),
    }


def _entry(label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": element["action_id"],
        "label": plain(label, limit=LONGEST_LABEL),
        "element": element,
        "optional": optional,
    }


def _text(name: Entry, *, initial: str = "", limit: int = LONGEST_WORDS, lines: bool = False) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": lines, "max_length": limit}
    return {**element, "initial_value": initial[:limit]} if initial else element


def _option(words: str, value: str, description: str = "") -> Block:
    told = {"description": plain(description, limit=LONGEST_BUTTON)} if description else {}
    return {"text": plain(words, limit=LONGEST_BUTTON), "value": value, **told}


def _line(text: str) -> Block:
    return section(plain(text, limit=LONGEST_LINE))
