"""First stage of the gate: what a reader cannot see goes."""

import re

_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}"
_OSC = r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\r\n]{0,1000}"
_ANSI = re.compile(rf"{_CSI}[@-~]|{_OSC}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{{0,3}}[0-Z\\^-~]?")
_UNFINISHED = re.compile(rf"(?:{_CSI}|{_OSC}\x1b?|\x1b[ -/]{{0,3}}|\r|[\u200c\u200d])\Z")
# Arabic and the scripts of India, Burma, Cambodia and Mongolia spell with joiners; anywhere else one says nothing.
# So a family of emoji comes apart into its members, and keeps its meaning.
_SPELT = "\u0620-\u06ff\u0750-\u077f\u0900-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u17dd\u1820-\u1878"
_SPELLS = re.compile(f"[{_SPELT}]")
_JOINER = re.compile(rf"(?<![{_SPELT}])[\u200c\u200d]|[\u200c\u200d](?![{_SPELT}])")
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACE = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)


class Visible:
    r"""Every line end as \n, every blank as U+0020, and nothing that cannot be seen: control, terminal sequences,
    bidirectional, tag, zero-width and variation characters.
    """  # noqa: D205  (one sentence of two lines)

    def __init__(self) -> None:
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """All but a sequence, a carriage return or a joiner at the end, which the next character decides."""
        text = self._held + text
        unfinished = None if _plain(text) else _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self._held = text[end:]
        return self._cleaned(text[:end])

    def close(self) -> str:
        """The rest."""
        return self._cleaned(self._held)

    def _cleaned(self, text: str) -> str:
        before, self._before = self._before, text[-1:] or self._before
        if _plain(text):
            return text
        kept = before if _SPELLS.fullmatch(before) else ""
        text = _JOINER.sub("", kept + _LINE_END.sub("\n", text))[len(kept) :]
        text = _ANSI.sub("", text)
        return _SPACE.sub(" ", _HIDDEN.sub("", text))


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
