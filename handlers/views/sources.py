"""Where an answer comes from: numbered lines with a label, a link where there is one, and an age in words."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from bot.gate import label
from bot.models import Citation
from handlers.views.blocks import LONGEST_LABEL, code, escaped, shortened

LONGEST_URL = 1_500
"""Characters of an address as markup takes it; a longer one is not linked."""

LONGEST_OWNER = 80
"""Characters of who answers for a document."""

_UNSAFE = re.compile(r"[\s<>|\"`\\^{}\x00-\x20\x7f-\U0010ffff]")
_EMAIL = re.compile(r"([\w.+-]+)@[\w.-]+")
_DAY, _WEEK, _MONTH, _YEAR = 1, 7, 365 / 12, 365


def place(citation: Citation) -> str:
    """Title and headings of a source in one plain line, without saying anything twice."""
    names = dict.fromkeys(name for part in (citation.title, *citation.heading_path) if (name := _name(part)))
    return shortened(" › ".join(names) or _name(citation.path) or "Untitled", limit=LONGEST_LABEL)


def linked(citation: Citation) -> str:
    """Markup for a source: its place, as a link when it has an address that Slack can open."""
    address = web_address(citation.url)
    name = escaped(place(citation))
    return f"<{address}|{name}>" if address else name


def source_line(citation: Citation, *, now: datetime, first: Citation | None = None) -> str:
    """Markup for one numbered source, and a second line about it; one without an address is followed by its path.

    `first` is source 1: where that is more than a year younger, the line says so.
    """
    named = "" if web_address(citation.url) else _name(citation.path)
    path = f"   {code(named)}" if named else ""
    old = " ⚠ older than 1" if first and _much_older(citation, first) else ""
    age = f"updated {age_in_words(citation.updated, now=now)}{old}" if citation.updated else ""
    owner = escaped(label(called(citation.owner[: 4 * LONGEST_OWNER]), limit=LONGEST_OWNER))
    about = " · ".join(part for part in (age, owner) if part)
    return "\n".join(part for part in (f"{citation.n}  {linked(citation)}{path}", about) if part)


def called(owner: str) -> str:
    """An owner as people read it: of an e-mail address the part that names them."""
    return found[1].replace(".", " ") if (found := _EMAIL.fullmatch(owner.strip())) else owner


def _much_older(citation: Citation, first: Citation) -> bool:
    """Whether a source is to be read with care beside the first."""
    if citation.updated is None or first.updated is None:
        return False
    return citation.n > first.n and (first.updated - citation.updated).days > _YEAR


def web_address(url: str) -> str | None:
    """The address as markup takes it, when it is one of the web and says plainly whose; None otherwise."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        return None
    if not plain or not parts.netloc.isascii():
        return None
    quoted = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)
    address = quoted.replace("&", "&amp;")
    return address if len(address) <= LONGEST_URL else None


def age_in_words(then: datetime, *, now: datetime) -> str:
    """How long ago that was, as people say it."""
    days = (now - then).days
    if days < _DAY:
        return "today"
    if days < 2 * _DAY:
        return "yesterday"
    for length, name in ((_YEAR, "year"), (_MONTH, "month"), (_WEEK, "week"), (_DAY, "day")):
        count = int(days / length)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "today"


def _name(text: str) -> str:
    """A title, heading or path as a label; of one that goes on and on the beginning is enough."""
    return label(text[: 4 * LONGEST_LABEL], limit=LONGEST_LABEL)
