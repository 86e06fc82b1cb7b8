"""Plain text and light markup: headings, items and paragraphs by eye."""

from __future__ import annotations

from indexing.parse.kinds import parser_for
from indexing.ports import Kind, Parsed


def _parsed(text: str, kind: str = "text") -> Parsed:
    return parser_for(kind).parse(text.encode())


def test_underlined_lines_are_headings() -> None:
    """As in reStructuredText: the first sign used is the outermost level, a line above it may mark a title."""
    page = _parsed("=====\nGuide\n=====\n\nIntro.\n\nSetup\n-----\n\nText.\n\nMore\n~~~~\n\nx\n\nUse\n-----\ny\n")
    assert page.title == "Guide"
    assert [(section.headings, [block.text for block in section.blocks]) for section in page.sections] == [
        (("Guide",), ["Intro."]),
        (("Guide", "Setup"), ["Text."]),
        (("Guide", "Setup", "More"), ["x"]),
        (("Guide", "Use"), ["y"]),
    ]


def test_signs_before_headings() -> None:
    """AsciiDoc and Org mark levels with the number of signs."""
    assert [section.headings for section in _parsed("= Guide\nx\n\n== Use ==\ny\n= Other\nz", "asciidoc").sections] == [
        ("Guide",),
        ("Guide", "Use"),
        ("Other",),
    ]
    assert [section.headings for section in _parsed("* Plan\nx\n** Now\ny", "org").sections] == [
        ("Plan",),
        ("Plan", "Now"),
    ]


def test_paragraphs_and_items() -> None:
    """Wrapped lines are one paragraph, short lines stay apart, an item takes in the lines under it."""
    page = _parsed(
        "This paragraph was wrapped by somebody at a width\nof some fifty characters, as is usual in mails.\n\n"
        "Name: Ada\nRoom: 7\n\n- one\n  goes on\n  * two\n1) three\n"
    )
    (section,) = page.sections
    assert [(block.kind, block.marker, block.text, block.lines) for block in section.blocks] == [
        (
            Kind.PROSE,
            "",
            "This paragraph was wrapped by somebody at a width of some fifty characters, as is usual in mails.",
            (1, 2),
        ),
        (Kind.PROSE, "", "Name: Ada\nRoom: 7", (4, 5)),
        (Kind.ITEM, "-", "one goes on", (7, 8)),
        (Kind.ITEM, "-", "two", (9, 9)),
        (Kind.ITEM, "1)", "three", (10, 10)),
    ]


def test_directives_are_not_text() -> None:
    """What only tells a program what to do is left out."""
    page = _parsed(".. contents::\n.. _label:\n\n:author: Ada\n\nText stays.\n")
    assert [block.text for section in page.sections for block in section.blocks] == ["Text stays."]
