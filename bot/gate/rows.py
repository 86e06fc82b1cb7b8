"""Whether a line may be the row of a table: there a pipe ends a cell even within code, so that backticks pair anew."""

import re

_LEAD = re.compile(r"(?:[ >*+\-]|\d{1,9}[.)] )*")
_LONGEST_LEAD = 100
_RULE = " >|:-"


class Rows:
    """Follows a text as it is shown, and knows where code with a pipe in it would come apart."""

    def __init__(self) -> None:
        self._line = ""
        self._rule = self._blank = True  # nothing on this line but what a table's second line, or a blank one, has
        self._table = False  # such a line stands above, and no blank one since
        self._piped = False  # code with a pipe in it stands on this line
        self._exposed = self._header = False  # and after it a name, on this line, or on the one before

    @property
    def within(self) -> bool:
        """Whether this line may be a row."""
        lead = _LEAD.match(self._line)
        at = lead.end() if lead else 0
        return self._table or at == _LONGEST_LEAD or self._line[at : at + 1] == "|"

    def before(self, text: str) -> str:
        """A line end where the text would make a header of the line above, and that must not become one."""
        return "\n" if self._header and not self._line.strip(" >") and text[0] in "|:-" else ""

    def saw(self, text: str, *, piped: bool, named: bool) -> None:
        """Take note of what was shown: a line end, or a piece of a line; with a pipe in code, with a name in code."""
        if text == "\n":
            self._table = (self._table or self._rule) and not self._blank
            self._header, self._exposed, self._piped = self._exposed, False, False
            self._line, self._rule, self._blank = "", True, True
            return
        self._exposed = self._exposed or (self._piped and named)
        self._piped = self._piped or piped
        self._line = (self._line + text[:_LONGEST_LEAD])[:_LONGEST_LEAD]
        self._rule = self._rule and not text.strip(_RULE)
        self._blank = self._blank and not text.strip(" ")
