"""What modals, the Home tab and notices are made of: headings, rows, quotes, buttons; inert, and within Slack's limits.

What somebody else wrote stands in rich text or plain text, which nobody parses; markup is built from ids alone.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.gate import label
from bot.models import Citation
from bot.words.counting import counted
from handlers.buttons import Seal
from handlers.views.blocks import Block, escaped, shortened
from handlers.views.sources import age_in_words, place, web_address

LONGEST_LINE = 300
"""Characters of a line that somebody else wrote: a question, a name, a problem."""
LONGEST_QUOTE = 500
"""Characters of a passage that are quoted."""
LONGEST_BUTTON = 75
"""Characters on a button, and of an option."""
LONGEST_VALUE = 2_000
"""Characters that a button carries."""
LONGEST_TITLE = 24
"""Characters of a modal's title."""

_CODE = re.compile(r"`([^`\n]+)`")
_PERSON = re.compile(r"[UW][A-Z0-9]+")
_CHANNEL = re.compile(r"[CG][A-Z0-9]+")
_PLACE = re.compile(r"-[0-9a-f]{8}$")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# --- text -----------------------------------------------------------------------------------------------------------


def line(text: str, *, limit: int = LONGEST_LINE) -> str:
    """One gated line; of a text that goes on and on the beginning is enough."""
    return label(text[: 4 * limit], limit=limit)


def plain(text: str, *, limit: int) -> Block:
    """A text object that is not parsed; never empty, which Slack refuses."""
    return {"type": "plain_text", "text": shortened(text, limit=limit) or "–", "emoji": False}


def markup(text: str) -> Block:
    """A text object in Slack's markup: every part of it that is not ours must have been escaped, and short."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def words(text: str, *, bold: bool = False) -> list[Block]:
    """Leaves of rich text, character for character; what stands between backticks is shown as code."""
    style = {"style": {"bold": True}} if bold else {}
    leaves: list[Block] = []
    for position, part in enumerate(_CODE.split(text)):
        if part:
            leaves.append({"type": "text", "text": part, **({"style": {"code": True}} if position % 2 else style)})
    return leaves


def person(user: str) -> str:
    """Markup that names somebody by id, for small print; an id that is none is shown as it is."""
    return f"<@{user}>" if _PERSON.fullmatch(user) else escaped(line(user), limit=LONGEST_LINE)


def channel(room: str) -> str:
    """Markup that names a channel by id; empty for a direct message, which has no name."""
    return f"<#{room}>" if _CHANNEL.fullmatch(room) else ""


def source_names(names: Iterable[str]) -> dict[str, str]:
    """How each source is shown: by its folder's name, with the mark of where it lies only where two are named alike."""
    short = {name: line(_PLACE.sub("", name), limit=100) for name in names}
    seen = Counter(short.values())
    return {name: said if seen[said] == 1 else line(name, limit=100) for name, said in short.items()}


def moment_in_words(then: datetime, *, now: datetime) -> str:
    """How long ago that was: to the minute within an hour, to the hour within a day."""
    gone = now - then
    if gone < _MINUTE:
        return "just now"
    if gone < _HOUR:
        return f"{counted(gone // _MINUTE, 'minute')} ago"
    return f"{counted(gone // _HOUR, 'hour')} ago" if gone < _DAY else age_in_words(then, now=now)


def address(url: str) -> str | None:
    """The address where it is one of the web that may be linked, for a field of its own; None otherwise."""
    link = web_address(url)
    return link and link.replace("&amp;", "&")


# --- rich text ------------------------------------------------------------------------------------------------------


def rich(*parts: Block) -> Block:
    """A block of rich text, of lines, quotes and lists."""
    return {"type": "rich_text", "elements": list(parts)}


def row(*leaves: Block) -> Block:
    """A line of rich text."""
    return {"type": "rich_text_section", "elements": list(leaves)}


def quote(text: str, *, limit: int = LONGEST_QUOTE) -> Block:
    """What a document or a person said, set off; gated, on one line."""
    return {"type": "rich_text_quote", "elements": words(line(text, limit=limit) or "–")}


def bullets(rows: Iterable[Block]) -> Block:
    """A list of lines."""
    return {"type": "rich_text_list", "style": "bullet", "elements": list(rows)}


def source(citation: Citation, *, number: bool = True, now: datetime | None = None, after: str = "") -> Block:
    """A line that names a passage, as a link where it has an address, with its age where `now` is given."""
    leaves = words(f"{citation.n}  ") if number else []
    if link := address(citation.url):
        leaves.append({"type": "link", "url": link, "text": place(citation)})
    else:
        leaves += [*words(place(citation)), *_path(citation)]
    age = f"updated {age_in_words(citation.updated, now=now)}" if citation.updated and now else ""
    return row(*leaves, *words("".join(f" · {part}" for part in (age, after) if part)))


def _path(citation: Citation) -> list[Block]:
    """What can be read where nothing can be clicked."""
    path = line(citation.path.replace("`", "")).replace("`", "")
    return [*words(" "), {"type": "text", "text": path, "style": {"code": True}}] if path else []


# --- blocks ---------------------------------------------------------------------------------------------------------


def heading(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, limit=150)}


def divider() -> Block:
    """A rule."""
    return {"type": "divider"}


def section(text: Block, *, beside: Block | None = None) -> Block:
    """A text, with a button or a menu beside it."""
    return {"type": "section", "text": text, **({"accessory": beside} if beside else {})}


def labelled(name: str, *parts: Block) -> Block:
    """A part of a view: its name in bold, and right below it what it is about."""
    head = words(name, bold=True)
    if parts and parts[0]["type"] == "rich_text_section":
        return rich(row(*head, *words("\n"), *parts[0]["elements"]), *parts[1:])
    return rich(row(*head), *parts)


def actions(*elements: Block) -> Block:
    """A row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action: StrEnum, value: str = "", *, spoken: str = "", url: str = "") -> Block:
    """A button; `spoken` is what a screen reader says where the text alone could mean several."""
    return {
        "type": "button",
        "action_id": str(action),
        "text": plain(text, limit=LONGEST_BUTTON),
        **({"value": value} if value else {}),
        **({"url": url} if url else {}),
        **({"accessibility_label": shortened(spoken, limit=LONGEST_BUTTON)} if spoken else {}),
    }


def carried(seal: Seal, action: StrEnum, text: str, *others: str) -> str:
    """The sealed value of words and what goes with them; of words that do not fit on a button, the beginning."""
    value = seal.close(action, text, *others)
    while text and len(value) > LONGEST_VALUE:
        text = text[: min(len(text) - 1, LONGEST_VALUE * len(text) // len(value))]
        value = seal.close(action, text, *others)
    return value


# --- views ----------------------------------------------------------------------------------------------------------


def modal(title: str, blocks: Iterable[Block]) -> Block:
    """A modal that is read and closed."""
    close = plain("Close", limit=LONGEST_TITLE)
    return {"type": "modal", "title": plain(title, limit=LONGEST_TITLE), "close": close, "blocks": list(blocks)}
