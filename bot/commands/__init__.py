"""One file per command of `footnote`: its arguments, its example, and what it prints."""
