"""Blocks, forms and a Home tab with one of everything that a bot can put on the screen."""

from __future__ import annotations

from typing import Any

Block = dict[str, Any]


def plain_text(words: str) -> Block:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str) -> Block:
    """A text object in Slack's markup."""
    return {"type": "mrkdwn", "text": words}


def option(words: str, value: str, **more: Any) -> Block:
    """One of several."""
    return {"text": plain_text(words), "value": value, **more}


def button(words: str, action_id: str, **more: Any) -> Block:
    """A button."""
    return {"type": "button", "text": plain_text(words), "action_id": action_id, **more}


def actions(*elements: Block) -> Block:
    """A row of elements."""
    return {"type": "actions", "elements": list(elements)}


def section(words: str, **more: Any) -> Block:
    """A section."""
    return {"type": "section", "text": mrkdwn(words), **more}


def field(label: str, block_id: str, element: Block, **more: Any) -> Block:
    """An input block."""
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element, **more}


def modal(title: str, blocks: list[Block], **more: Any) -> Block:
    """A modal."""
    return {"type": "modal", "callback_id": "form", "title": plain_text(title), "blocks": blocks, **more}


CONFIRM: Block = {
    "title": plain_text("Tell the owner?"),
    "text": mrkdwn("People Ops gets a *direct message* with this passage."),
    "confirm": plain_text("Tell them"),
    "deny": plain_text("Not now"),
}
MODES = [option("When mentioned", "mention"), option("Offer to answer", "offer"), option("Continue", "continue")]
GROUPS = [
    option("People Ops", "people"),
    option("IT", "it", description=plain_text("Laptops and access")),
    option("Finance", "money"),
]

MARKDOWN = """## Carrying leave over

You can carry over at most **240 hours** into the next leave year. [1] Hours above that are *forfeited*, unless:

1. leave was scheduled before the deadline,
   - in the portal, or
   - in writing; and
2. the agency cancelled it. [2]

> Restored leave must be used within two years.

```
footnote ask "how many hours of annual leave can I roll over?"
```

| Kind | Hours | Until |
|:-----|------:|:-----:|
| Annual leave | 240 | January |
| Restored leave | 80 | two years |

Ask `people-ops` for ~~exceptions~~ details."""

TABLE: Block = {
    "type": "table",
    "column_settings": [{"align": "left"}, {"align": "right"}, {"align": "center"}],
    "rows": [
        [{"type": "raw_text", "text": words} for words in ("Grade", "Hours a year", "Since")],
        [
            {"type": "raw_text", "text": "1 to 4"},
            {"type": "raw_number", "text": "104", "value": 104},
            {"type": "raw_text", "text": "2019"},
        ],
        [
            {"type": "raw_text", "text": "5 and above"},
            {"type": "raw_number", "text": "208", "value": 208},
            {"type": "raw_text", "text": "2021"},
        ],
    ],
}
SOURCES = (
    "*Sources*\n"
    "1  <https://handbook.example/leave#annual|Leave › Annual leave>  updated 3 weeks ago · People Ops\n"
    "2  <https://handbook.example/leave#use-or-lose|Leave › Use-or-lose>  updated 2 years ago ⚠ older than 1"
)
FEEDBACK: Block = {
    "type": "feedback_buttons",
    "action_id": "rate",
    "positive_button": {"text": plain_text("👍"), "value": "up", "accessibility_label": "Good answer"},
    "negative_button": {"text": plain_text("👎"), "value": "down", "accessibility_label": "Bad answer"},
}
TRASH: Block = {"type": "icon_button", "icon": "trash", "text": plain_text("Delete the answer"), "action_id": "trash"}
MORE: Block = {
    "type": "overflow",
    "action_id": "more",
    "options": [option("Outdated?", "outdated"), option("Summarise thread", "summarise")],
    "confirm": CONFIRM,
}
ANSWER: list[Block] = [
    {"type": "markdown", "text": MARKDOWN},
    TABLE,
    {"type": "divider"},
    section(
        "*Leave › Annual leave*\n“You can carry over a maximum of 240 hours…”",
        accessory=button("Outdated?", "outdated", confirm=CONFIRM),
    ),
    section("*Leave › Use-or-lose*\n“Unused hours are forfeited…”", accessory=MORE),
    {"type": "context", "elements": [mrkdwn(SOURCES)]},
    {"type": "context", "elements": [mrkdwn("Quoted from the docs automatically · 0.8 s")]},
    {"type": "context_actions", "elements": [FEEDBACK, TRASH]},
    actions(
        button("Why this answer?", "why"),
        button("Ask a person", "person", style="primary"),
        button("Forget it", "forget", style="danger"),
    ),
]
PRIVATE: list[Block] = [
    section("You can carry over at most *240 hours*. [1]"),
    actions(
        button("Share here", "share", style="primary"), button("Ask follow-up", "follow"), button("Never mind", "drop")
    ),
]

ENTRIES: list[Block] = [
    section(
        "Settings for *#general*.",
        accessory={"type": "static_select", "action_id": "tone", "placeholder": plain_text("Tone"), "options": MODES},
    ),
    field(
        "What is wrong?",
        "words",
        {
            "type": "plain_text_input",
            "action_id": "words",
            "min_length": 5,
            "placeholder": plain_text("In your own words"),
        },
        hint=plain_text("The owner of the page reads it."),
    ),
    field(
        "Anything else?", "more", {"type": "plain_text_input", "action_id": "more", "multiline": True}, optional=True
    ),
    field(
        "Questions a day",
        "number",
        {
            "type": "number_input",
            "action_id": "number",
            "is_decimal_allowed": False,
            "initial_value": "50",
            "min_value": "1",
            "max_value": "500",
        },
    ),
    field(
        "Thread mode",
        "mode",
        {"type": "static_select", "action_id": "mode", "options": MODES, "initial_option": MODES[2]},
    ),
    field("Reason", "reason", {"type": "radio_buttons", "action_id": "reason", "options": GROUPS}),
    field(
        "Tell",
        "tell",
        {"type": "checkboxes", "action_id": "tell", "options": GROUPS, "initial_options": GROUPS[1:2]},
        optional=True,
    ),
    field(
        "Sources",
        "sources",
        {
            "type": "multi_static_select",
            "action_id": "sources",
            "options": GROUPS,
            "max_selected_items": 2,
            "placeholder": plain_text("Choose sources"),
        },
    ),
    field(
        "Owner", "owner", {"type": "users_select", "action_id": "owner", "placeholder": plain_text("Choose somebody")}
    ),
    field(
        "Post in",
        "place",
        {
            "type": "conversations_select",
            "action_id": "place",
            "placeholder": plain_text("Choose a channel"),
            "filter": {"include": ["public"]},
        },
    ),
]
FORM = modal("Channel settings", ENTRIES, submit=plain_text("Save"), close=plain_text("Cancel"))
LOADING = modal("Why this answer?", [section("Looking it up…")])
WHY = modal(
    "Why this answer?",
    [
        section("*Understood as*\nannual leave carry-over limit"),
        {"type": "section", "fields": [mrkdwn("*Searched*\n214 documents"), mrkdwn("*Index from*\n4 minutes ago")]},
        {"type": "divider"},
        section("1  Leave › Annual leave  0.91"),
        {"type": "context", "elements": [mrkdwn("Record Q-7F3K")]},
        actions(button("Report a problem", "report")),
    ],
)
REPORT = modal("Report a problem", ENTRIES[1:2], submit=plain_text("Report"))
THANKS = modal("Thank you", [section("It is logged as Q-7F3K.")], close=plain_text("Done"))
HOME: list[Block] = [
    {"type": "header", "text": plain_text("Ask anything")},
    section("Mention me in a channel, write to me here, or type `/ask`."),
    actions(button("How do I back up?", "ask-1"), button("Which tokens?", "ask-2")),
    {"type": "divider"},
    {"type": "header", "text": plain_text("Your last questions")},
    section(
        "How many hours can I roll over?\n_answered 3 hours ago_", accessory=button("Open", "open", value="Q-7F3K")
    ),
    section("Is comp time paid out?\n_not in the docs_", accessory=MORE),
    {"type": "divider"},
    {"type": "header", "text": plain_text("Channels")},
    section(
        "*#general*",
        accessory={"type": "static_select", "action_id": "general-mode", "options": MODES, "initial_option": MODES[0]},
    ),
    {
        "type": "section",
        "fields": [
            mrkdwn("*Questions this week*\n42"),
            mrkdwn("*Answered*\n39"),
            mrkdwn("*👍 rate*\n91 %"),
            mrkdwn("*Cost*\n$0.12"),
        ],
    },
    {"type": "context", "elements": [mrkdwn("Last sync 4 minutes ago · 214 documents")]},
]
