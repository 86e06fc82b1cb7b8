"""Chunks along headings: complete, within their size, and true about where they stand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import EVERYONE, Document
from indexing.chunk.headings import HeadingChunker, readable_name
from indexing.chunk.layout import SHORT_HEADER
from indexing.chunk.units import PIECES_PER_WORD, pieces, size
from indexing.parse.markdown import MarkdownParser
from indexing.ports import Block, Kind, Origin, Parsed, Section
from tests.nouns import NOON

ORIGIN = Origin("handbook-1a2b", "guides/leave.md", "r1", NOON, (EVERYONE,))


def _chunked(parsed: Parsed, *, limit: int = 180) -> Document:
    return HeadingChunker(limit=limit).chunk(parsed, ORIGIN, link=lambda anchor: f"file:///leave.md#{anchor}")


def _page(markdown: str, *, limit: int = 180) -> Document:
    return _chunked(MarkdownParser().parse(markdown.encode()), limit=limit)


POOL = [
    "leave,",
    "carry.",
    "year:",
    "Dr.",
    "hours",
    "(max)",
    "e.g.",
    "240;",
    "a_b",
    "café",
    "字",
    "x/y",
    "END?",
    "http://x.y/z",
]


def _block(kind: Kind, *, words: int, seed: int, noise: str, marker: str, depth: int) -> Block:
    """A block of `words` words with some noise at its end."""
    text = " ".join(POOL[(seed + 7 * n) % len(POOL)] for n in range(words)) + noise
    return Block(kind, text if _letters(text) else "x", (seed, seed + 1), marker, depth)


BLOCKS = st.builds(
    _block,
    st.sampled_from(list(Kind)),
    words=st.integers(0, 150),
    seed=st.integers(1, 500),
    noise=st.text(max_size=20),
    marker=st.sampled_from(["", "-", "12."]),
    depth=st.integers(0, 4),
)
BLOCK_LISTS = st.lists(BLOCKS, min_size=1, max_size=8)
LIMITS = st.integers(60, 200)


def _section(blocks: list[Block]) -> Parsed:
    return Parsed("Title", (Section(("Heading",), "heading", (1, 1), tuple(blocks)),))


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


@given(BLOCK_LISTS, LIMITS)
def test_chunks_hold_all_text_in_order(blocks: list[Block], limit: int) -> None:
    """Of whatever blocks, every letter is in a chunk, once and in order; only a table's header may come again."""
    chunks = _chunked(_section(blocks), limit=limit).chunks
    read = "".join(_letters(chunk.text) for chunk in chunks)
    if any(block.kind is Kind.HEADER for block in blocks):
        assert all(_letters(block.text) in read for block in blocks if size(block.text) < 60)
    else:
        assert read == "".join(_letters(block.marker + block.text) for block in blocks)


@given(BLOCK_LISTS, LIMITS)
def test_units_lie_in_their_chunk(blocks: list[Block], limit: int) -> None:
    """Units are in order and apart, and every letter is in one, but for search words."""
    for chunk in _chunked(_section(blocks), limit=limit).chunks:
        at = 0
        for start, end in chunk.units:
            assert at <= start < end <= len(chunk.text)
            at = end
        quoted = "".join(chunk.text[start:end] for start, end in chunk.units)
        if not any(block.kind is Kind.KEYWORDS for block in blocks):
            assert _letters(quoted) == _letters(chunk.text)


@given(BLOCK_LISTS)
def test_no_chunk_is_over_its_size(blocks: list[Block]) -> None:
    """A chunk holds what a small model sees, give or take a repeated table header."""
    for chunk in _chunked(_section(blocks)).chunks:
        assert pieces(chunk.text) <= (180 + SHORT_HEADER) * PIECES_PER_WORD + 20


TEMPLATES = """
# {w}|## {w}|### {w}|{w} and more.|- {w}|  - {w}|1. {w}|> {w}|**{w}** goes _on_|[{w}](http://example.com/x)|`{w}`
<b>{w}</b>|<div>{w}</div>|![{w}](x.png)|{{% if a %}}|[^{w}]: note {w}|    {w}|\\{w}|&amp; {w}|<li>{w}|{w} <br> on
~~~|---|{w}\\
"""
PAGES = st.lists(
    st.sampled_from(
        [*TEMPLATES.replace("\n", "|").strip("|").split("|"), "| {w} | b |\n|---|---|\n| c | {w} |", "{w}\n==="]
    ),
    min_size=1,
    max_size=25,
)


@given(PAGES, st.booleans())
def test_a_page_keeps_every_word_and_its_line(templates: list[str], spaced: bool) -> None:  # noqa: FBT001 - drawn
    """Every word of a page is in a chunk or a heading path, and a chunk's lines are where its words stand."""
    page = ""
    words: list[str] = []
    for number, template in enumerate(templates):
        if "{w}" in template:
            words.append(f"qword{number}q")
        page += template.format(w=f"qword{number}q") + ("\n\n" if spaced else "\n")
    document = _page(page)
    held = {word: [chunk for chunk in document.chunks if word in chunk.text] for word in words}
    lines = {word: [at for at, line in enumerate(page.split("\n"), 1) if word in line] for word in words}
    for word in words:
        assert held[word] or any(word in heading for chunk in document.chunks for heading in chunk.heading_path)
        for chunk in held[word]:
            assert any(chunk.lines[0] <= line <= chunk.lines[1] for line in lines[word])


def test_chunks_know_their_document() -> None:
    """Ids follow the position; everything that is said of the document is said of each chunk."""
    document = _page("# Leave\nHello.\n## Sick leave\nCall in.")
    first, second = document.chunks
    assert document.id == "handbook-1a2b:guides/leave.md"
    assert [chunk.id for chunk in document.chunks] == [f"{document.id}#0", f"{document.id}#1"]
    assert (first.heading_path, second.heading_path) == (("Leave",), ("Leave", "Sick leave"))
    assert (first.lines, second.lines) == ((2, 2), (4, 4))
    assert second.url == "file:///leave.md#sick-leave"
    assert document.url == "file:///leave.md#"
    assert {chunk.title for chunk in document.chunks} == {"Leave"}
    assert all(
        (chunk.updated, chunk.readable_by, chunk.revision) == (NOON, (EVERYONE,), "r1") for chunk in document.chunks
    )


def test_sections_are_not_merged() -> None:
    """However short, what stands under two headings is two chunks."""
    assert [chunk.text for chunk in _page("# A\nOne.\n# B\nTwo.").chunks] == ["One.", "Two."]


def test_a_long_section_is_cut_into_like_parts_between_units() -> None:
    """No part is a scrap, and each begins and ends with a whole sentence."""
    text = " ".join(f"This is sentence number {n} of a long section." for n in range(50))
    chunks = _page(f"# A\n{text}").chunks
    lengths = [len(chunk.text.split()) for chunk in chunks]
    assert len(chunks) == 3
    assert min(lengths) > max(lengths) / 2
    assert all(chunk.text.startswith("This is") and chunk.text.endswith("section.") for chunk in chunks)


def test_a_line_that_introduces_a_list_stays_with_it() -> None:
    """A long section is rather cut before "You need:" than after it."""
    filler = " ".join(f"Word number {n} is here." for n in range(24))
    chunks = _page(
        f"# A\n{filler}\n\nYou need:\n\n" + "\n".join(f"- thing number {n} of the list" for n in range(20))
    ).chunks
    assert len(chunks) == 2
    assert chunks[1].text.startswith("You need:")


def test_rows_cut_off_from_their_table_get_its_header_again() -> None:
    """Every chunk of a long table can be understood: it begins with the names of the columns."""
    rows = "\n".join(f"| Employee number {n} | {n} days of leave |" for n in range(80))
    chunks = _page(f"# A\n| Who | How much |\n|---|---|\n{rows}").chunks
    assert len(chunks) > 2
    assert all(chunk.text.startswith("Who | How much\n") for chunk in chunks)
    assert all(chunk.text[slice(*chunk.units[0])] == "Who | How much" for chunk in chunks)
    assert chunks[1].text[slice(*chunks[1].units[1])].startswith("Employee number")
    assert chunks[1].lines[0] > 4


def test_an_item_with_few_items_under_it_is_one_unit() -> None:
    """A short item that ends in a colon is quoted with what it introduces, a long one is not."""
    (chunk,) = _page("- Approvers:\n  - Ada\n  - Grace\n- Next").chunks
    assert [chunk.text[start:end] for start, end in chunk.units] == ["Approvers:\n  - Ada\n  - Grace", "Next"]
    long = "\n".join(f"  - person number {n} of the long list" for n in range(20))
    assert len(_page(f"- Approvers:\n{long}").chunks[0].units) == 21


def test_the_number_of_a_step_is_quoted_with_it() -> None:
    """A bullet is not part of a quote, the number of a step is."""
    (chunk,) = _page("3. Lock the door.\n4. Go home.\n\ntext\n\n- Done").chunks
    assert [chunk.text[start:end] for start, end in chunk.units] == ["3. Lock the door.", "4. Go home.", "text", "Done"]


def test_a_heading_without_text_is_found_all_the_same() -> None:
    """A last heading with nothing under it becomes a chunk of its own; one that only holds others does not."""
    chunks = _page("# Contacts\n## Call 555-1234").chunks
    assert [(chunk.heading_path, chunk.text) for chunk in chunks] == [(("Contacts", "Call 555-1234"), "Call 555-1234")]


def test_search_words_can_be_found_but_not_quoted() -> None:
    """Keywords of the front matter are text without a unit."""
    (chunk,) = _page("---\ntitle: Leave\nkeywords: vacation, holiday\n---\nRest well.").chunks
    assert "vacation, holiday" in chunk.text
    assert [chunk.text[start:end] for start, end in chunk.units] == ["Rest well."]


def test_nothing_to_say_gives_no_chunks() -> None:
    """A page without text has no chunks."""
    assert _page("").chunks == ()
    assert _page("---\ntitle: Moved\nredirect_to: /leave/\n---\n<!-- nothing -->").chunks == ()


def test_version_names_what_changes_chunks() -> None:
    """Another limit is another version, so that everything is cut again."""
    assert HeadingChunker().version == HeadingChunker().version
    assert (
        len({HeadingChunker().version, HeadingChunker(limit=100).version, HeadingChunker(longest_unit=30).version}) == 3
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("travel/first-time_travel.md", "First time travel"),
        ("benefits/index.html", "Benefits"),
        ("README.md", "README"),
        ("a/b/README", "B"),
        ("notes v2.1.txt", "Notes v2.1"),
        ("---.md", "---.md"),
    ],
)
def test_a_file_name_as_a_title(path: str, name: str) -> None:
    """A document without a title is called after its file, or its folder when it is the folder's page."""
    assert readable_name(path) == name


def test_place_does_not_repeat_the_title() -> None:
    """Title and first heading are often the same; what a chunk is about says it once."""
    assert re.sub(r"\W+", " ", _page("# Leave\n## Sick\nCall in.").chunks[0].place) == "Leave Sick"
