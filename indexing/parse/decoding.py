"""Bytes to text, whatever they were written in."""

import codecs
import re

from bot.errors import Unreadable
from indexing.parse.cleaning import visible

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MOST_LINES = 500_000
"""Lines of a document that is still read; each costs memory, however short it is."""
_SAMPLE = 64 * 1024
_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})|<\?xml[^>]{0,80}?encoding=[\"']([\w.:-]{1,40})",
    re.IGNORECASE,
)


def decoded(data: bytes, *, declared: str = "") -> str:
    """Visible text of `data`: by its byte order mark, as UTF-8, as `declared`, or as it looks.

    Raises `Unreadable` when it is not text, or has more lines than any document.
    """
    text = _decoded(data, declared)
    if text.count("\n") > MOST_LINES:
        raise Unreadable(f"more than {MOST_LINES:,} lines")
    return text


def _decoded(data: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return visible(data[len(mark) :].decode(encoding, "replace"))
    if b"\0" in data[:_SAMPLE]:
        return visible(_wide(data))
    try:
        return visible(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return visible(_declared(data, declared) or _broken(data, error) or _guessed(data))


def declared_in(data: bytes) -> str:
    """The encoding that an HTML page says it is written in, or nothing."""
    found = _DECLARED.search(data[:4096])
    return (found[1] or found[2]).decode("ascii") if found else ""


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every second byte of Western text is zero."""
    sample = data[:_SAMPLE]
    half = len(sample) / 2 or 1
    if len(data) % 2 == 0 and len(sample) >= 4:  # noqa: PLR2004 - two characters at least
        for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
            if zeros.count(0) / half > 0.6:  # noqa: PLR2004 - most characters are below U+0100
                return data.decode(encoding, "replace")
    raise Unreadable("not text")


def _declared(data: bytes, declared: str) -> str:
    try:
        return data.decode(declared) if declared else ""
    except (LookupError, UnicodeDecodeError):
        return ""


def _broken(data: bytes, error: UnicodeDecodeError) -> str:
    """UTF-8 with a few damaged bytes: most characters beyond ASCII are whole."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = sum(character > "\x7f" for character in text[: error.start + _SAMPLE]) - damaged
    return text if whole > 10 * damaged else ""


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only files that are not UTF-8 pay for it

    sample = data[:_SAMPLE]
    if _looks_western(sample):
        return data.decode("cp1252", "replace")
    best = from_bytes(sample).best()
    if best is None:
        raise Unreadable("not text, or in an encoding I do not know")
    return data.decode(best.encoding, "replace")


def _looks_western(sample: bytes) -> bool:
    """Mostly ASCII, with no control characters and accents between letters: Windows-1252, the usual case by far."""
    high = sum(byte > 0x7F for byte in sample)  # noqa: PLR2004 - beyond ASCII
    control = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x81\x8d\x8f\x90\x9d]", sample))
    return not control and high * 5 < len(sample)
