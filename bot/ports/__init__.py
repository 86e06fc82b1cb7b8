"""The outside world as Footnote needs it: one Protocol per collaborator, with what it promises."""
