"""HTML as a reader of the page sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unreadable
from indexing.parse.html import HtmlParser
from indexing.ports import Block, Kind, Parsed


def _parsed(html: str) -> Parsed:
    return HtmlParser().parse(html.encode())


def _blocks(html: str) -> list[Block]:
    return [block for section in _parsed(html).sections for block in section.blocks]


def _texts(html: str) -> list[str]:
    return [block.text for block in _blocks(html)]


def test_a_page_in_sections() -> None:
    """Headings part the page; anchors are ids where there are some; text stands under its heading, with its lines."""
    page = _parsed(
        "<!DOCTYPE html>\n<html><head><title>Leave &amp; more</title></head>\n<body>\n<h1>Leave</h1>\n"
        "<p>All\n  <b>kinds</b>.</p>\n<h2 id=sick>Sick <em>leave</em></h2>\n<p>Call in.</p>\n</body></html>"
    )
    assert page.title == "Leave & more"
    assert [(section.headings, section.anchor, section.lines) for section in page.sections] == [
        (("Leave",), "leave", (4, 4)),
        (("Leave", "Sick leave"), "sick", (7, 7)),
    ]
    assert [section.blocks for section in page.sections] == [
        (Block(Kind.PROSE, "All kinds.", (5, 6)),),
        (Block(Kind.PROSE, "Call in.", (8, 8)),),
    ]


def test_lists_tables_and_code() -> None:
    """Items keep number and depth, rows their cells, code its lines."""
    page = (
        "<ol><li>One<ul><li>Sub</li></ul></li><li><p>Two</p><p>more</p></li></ol>"
        "<dl><dt>VPN</dt><dd>A tunnel.</dd></dl>"
        "<table><caption>Hours</caption><thead><tr><th>Day</th><th>Open</th></tr></thead>"
        "<tbody><tr><td>Mon</td><td>9<br><b>t</b>o 5</td></tr></tbody></table>"
        "<pre>a = 1\n\n  b</pre>"
    )
    assert [(block.kind, block.marker, block.depth, block.text) for block in _blocks(page)] == [
        (Kind.ITEM, "1.", 1, "One"),
        (Kind.ITEM, "-", 2, "Sub"),
        (Kind.ITEM, "2.", 1, "Two"),
        (Kind.PROSE, "", 1, "more"),
        (Kind.PROSE, "", 0, "VPN: A tunnel."),
        (Kind.PROSE, "", 0, "Hours"),
        (Kind.HEADER, "", 0, "Day | Open"),
        (Kind.ROW, "", 0, "Mon | 9 to 5"),
        (Kind.CODE, "", 0, "a = 1\n\n  b"),
    ]


def test_anchors_are_those_of_their_heading() -> None:
    """An id on the heading, in it or right before it counts; one that stands elsewhere does not."""
    page = (
        "<p><span id=x>a</span></p><h2>One</h2>b<a name=two></a><h2>Two</h2>c<h2><a id=three>Three</a></h2>d"
        "<h2 id=q>Four</h2>"
    )
    assert [section.anchor for section in _parsed(page).sections] == ["", "one", "two", "three", "q"]


def test_a_table_for_layout_is_no_table() -> None:
    """A row of one cell is prose; a table inside a cell is the words of that cell."""
    assert [block.kind for block in _blocks("<table><tr><td>All of the page</td></tr></table>")] == [Kind.PROSE]
    nested = (
        "<table><tr><td>a</td><td><table><tr><td>b</td><td>c</td></tr><tr><td>d</td></tr></table></td></tr></table>"
    )
    assert " ".join(" ".join(_texts(nested)).split()) == "a | b c d"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<!-- SECRET -->",
        "<p hidden>SECRET</p>",
        "<p style='color:red; DISPLAY : NONE'>SECRET</p>",
        "<div style='visibility:hidden'><p>SECRET</p></div>",
        "<div aria-hidden=true><p>SECRET</p></div>",
        "<span style='font-size:0'>SECRET</span>",
        "<span style='opacity: 0.0'>SECRET</span>",
        "<template><p>SECRET</p></template>",
        "<noscript>SECRET</noscript>",
        "<svg><text>SECRET</text></svg>",
        "<nav><a href=x>SECRET</a></nav>",
        "<div role=navigation>SECRET</div>",
        "<input type=hidden value=SECRET>",
        "<select><option>SECRET</select>",
        "<del>SECRET</del>",
        "<p title=SECRET></p>",
        "<iframe>SECRET</iframe>",
        "<textarea>SECRET</textarea>",
    ],
)
def test_what_is_hidden_stays_hidden(hidden: str) -> None:
    """Scripts, styles, comments, navigation and hidden elements are no text; what stands around them is."""
    assert " ".join(_texts(f"<p>before</p>{hidden}<p>after</p>")) == "before after"


@pytest.mark.parametrize(
    "shown",
    [
        "<span style='opacity:0.5'>shown</span>",
        "<span style='font-size:0.8em'>shown</span>",
        "<p aria-hidden=false>shown</p>",
        "<details><summary>shown</summary></details>",
        "<button>shown</button>",
        "<img alt=shown src=x>",
        "<a href='javascript:x'>shown</a>",
        "<center><font>shown",
        "<p>sh<wbr>own",
        "<unknown-element>shown</unknown-element>",
    ],
)
def test_what_is_shown_stays(shown: str) -> None:
    """Faint or small text, closed details, unknown and unclosed elements are text."""
    assert _texts(shown) == ["shown"]


def test_the_main_part_is_read_where_there_is_one() -> None:
    """A page with `main`, or a single article, is that; one with several articles is all of them."""
    assert _texts("<header>site</header><main role=main><p>text</p></main><footer>imprint</footer>") == ["text"]
    assert _texts("<p>ad</p><article><p>text</p></article>") == ["text"]
    assert _texts("<article>one</article><article>two</article>") == ["one", "two"]
    assert _texts("<p>all</p><main></main>") == ["all"]


@pytest.mark.parametrize(
    ("page", "owner"),
    [
        ('<head><meta name="owner" content="People  Ops"></head><p>x', "People Ops"),
        ("<meta name=Owner content='Ann <ann@acme.example>'><p>x", "Ann <ann@acme.example>"),
        ("<meta name=owner content=''><meta name=owner content=b><p>x", "b"),
        (f"<meta name=owner content='{'x' * 200}'><p>x", "x" * 120),
        ("<meta name=author content=Ann><meta name=owner><p>x", ""),
        ("<body><p>x<meta name=owner content=Eve></body>", ""),
    ],
)
def test_owner(page: str, owner: str) -> None:
    """Who answers for a page is what its head says, as one plain line; its body cannot."""
    assert _parsed(page).owner == owner


def test_titles() -> None:
    """The head's title, else the first `h1`; a title that looks like markup is only text."""
    assert _parsed("<h1>First</h1><h1>Second</h1>").title == "First"
    assert _parsed("<title> </title><h1>First</h1>").title == "First"
    assert _parsed("<title>a <b>c</title>x").title == "a <b>c"
    assert _parsed("<p>x</p>").title == ""


def test_a_page_that_says_its_encoding_is_read_in_it() -> None:
    """The declared encoding counts for what is not UTF-8."""
    page = '<meta charset="koi8-r"><p>Привет, мир, это обычный текст</p>'
    assert [
        block.text for section in HtmlParser().parse(page.encode("koi8-r")).sections for block in section.blocks
    ] == ["Привет, мир, это обычный текст"]


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 20_000,
        "<b>\n" * 3000 + "<p>x\n" * 3000,
        "<table><tr><td>" * 10_000,
        "<p>x" * 400_000,
        "".join(f"<i a={n}>" for n in range(3000)) + "<p>x" * 3000,
    ],
    ids=["depth", "formatting", "tables", "elements", "attributes"],
)
def test_bombs_are_refused(bomb: str) -> None:
    """A page built to explode in a parser is refused with a reason, at once."""
    with pytest.raises(Unreadable, match=r"deeply|elements"):
        _parsed(bomb)


TAGS = [
    "p",
    "div",
    "b",
    "ul",
    "li",
    "table",
    "tr",
    "td",
    "h2",
    "span",
    "pre",
    "dl",
    "dt",
    "dd",
    "button",
    "section",
    "a",
    "th",
]


@given(
    st.lists(
        st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ["<br>", "word"]), max_size=40
    )
)
def test_no_word_is_lost_in_a_soup_of_tags(parts: list[str]) -> None:
    """However the tags are nested, every word of a page is read once, in order, with a line inside the page."""
    words = iter(f"w{number}w" for number in range(100))
    html = "\n".join(f"{part} {next(words)}" if part == "word" else part for part in parts)
    page = _parsed(html)
    read = " ".join(
        text
        for section in page.sections
        for text in (*section.headings[-1:], *(block.text for block in section.blocks))
    )
    expected = [word for word in html.split() if word[0] == "w" and word != "word"]
    assert sorted(word for word in read.replace(":", " ").split() if word in expected) == sorted(expected)
    for section in page.sections:
        for block in section.blocks:
            assert 1 <= block.lines[0] <= block.lines[1] <= len(parts) + 1
