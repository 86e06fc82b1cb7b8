"""Markdown as a reader sees it: plain text, in sections, with nothing that is hidden and no markup."""

from __future__ import annotations

import pytest

from bot.errors import Unreadable
from indexing.parse.markdown import MarkdownParser
from indexing.parse.segments import WHOLE
from indexing.ports import Block, Kind, Parsed


def _parsed(markdown: str) -> Parsed:
    return MarkdownParser().parse(markdown.encode())


def _blocks(markdown: str) -> list[Block]:
    return [block for section in _parsed(markdown).sections for block in section.blocks]


def _texts(markdown: str) -> list[str]:
    return [block.text for block in _blocks(markdown)]


def _headings(markdown: str) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, section.anchor) for section in _parsed(markdown).sections]


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("Some **bold**, _soft_ and `code_here` text", "Some bold, soft and code_here text"),
        ('See [the *policy*](https://x.y/z "t") and [it][p].\n\n[p]: http://x.y', "See the policy and it."),
        ("Go to <https://example.com> or https://example.org", "Go to https://example.com or https://example.org"),
        ("![a chart](x.png) shows it", "a chart shows it"),
        ("one\ntwo  \nthree", "one two\nthree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("AT&amp;T \\*stars\\* &#8203;x", "AT&T *stars* x"),
        ("see <a href='x'>this</a> <span class=y>and that</span>", "see this and that"),
        ("gone: ~~old~~ new", "gone: new"),
        ("text <!-- secret --> more", "text more"),
        ("a note[^1] here", "a note here"),
        ("> quoted text\n> goes on", "quoted text goes on"),
        ("> [!WARNING]\n> Mind the gap", "Mind the gap"),
        ("click [here](javascript:alert(1)) now", "click here now"),
        ("a literal [2] stays", "a literal [2] stays"),
        ("a $x_1$ and snake_case_name", "a $x_1$ and snake_case_name"),
    ],
)
def test_inline_markup_is_read_as_text(markdown: str, plain: str) -> None:
    """Links go down to their text, emphasis and tags off, breaks and entities become what they show."""
    first, *_ = _texts(markdown + ("\n\n[^1]: foot" if "[^1]" in markdown else ""))
    assert first == plain


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ('Before you go, read [this]({% page "travel/leave/" %}).', "Before you go, read this."),
        (
            'Ask in {% slack_channel "travel" %} or {% slack_channel "#help" "the help desk" %}.',
            "Ask in #travel or #help.",
        ),
        ("{% alert %}\n  Take care.\n{% endalert %}", "Take care."),
        ('{% alert "Heads up!" "warning" %}', "Heads up!"),
        ('{% image "_img/a.png" "choosing a city" %}', "choosing a city"),
        ('Use {% uswds_icon "campaign" %} here.', "Use here."),
        ('{% if x == "some words" %}Yes{% endif %} sir', "Yes sir"),
        ("See {{ site.base }}/x for {{ page.title }} details", "See /x for details"),
        ('[guide]({{< ref "guide.md" >}}) and <a href="{% link "x y" %}">this</a>', "guide and this"),
        ('{{< figure src="a.png" caption="The new office" >}}', "The new office"),
        ("before {% comment %} hidden **words** {% endcomment %} after", "before after"),
        ("before {# hidden words #} after {/* and these */} end", "before after end"),
        ('{% raw %}Write {% alert "x y" %}{% endraw %} so.', 'Write {% alert "x y" %} so.'),
        ("`${{ secrets.KEY }}` and ``{% raw %}`` stay", "${{ secrets.KEY }} and {% raw %} stay"),
        ('{% include\n  "x.html"\n  note="Be careful here"\n%}', "Be careful here"),
        (":::tip Good to know\nBe kind.\n:::", "Good to know Be kind."),
        ('!!! note "Mind"\n    Be kind.', "Mind Be kind."),
    ],
)
def test_template_tags_leave_what_they_show(markdown: str, plain: str) -> None:
    """Block tags go, targets go with their links, comments go whole, captions and channels stay."""
    assert " ".join(_texts(markdown)) == plain


def test_tags_inside_code_stay() -> None:
    """A fence is kept as it is written, whatever it looks like."""
    code = '{% page "x" %}\n  {{ y }}\n# not a heading\n<b>z</b>'
    assert _blocks(f"```liquid\n{code}\n```") == [Block(Kind.CODE, code, (1, 6))]


def test_headings_make_paths_and_anchors() -> None:
    """A heading closes those below it; anchors are GitHub's, or the author's where one is given."""
    page = (
        "top\n\n# One & *two*\na\n\n### Deep: it's `x_y`\nb\n\n## Back {#given}\nc\n\n"
        '# Named<a name="here"></a>\nd\n\nSame\n----\ne\n\n# Same\nf'
    )
    assert _headings(page) == [
        ((), ""),
        (("One & two",), "one--two"),
        (("One & two", "Deep: it's x_y"), "deep-its-x_y"),
        (("One & two", "Back"), "given"),
        (("Named",), "here"),
        (("Named", "Same"), "same"),
        (("Same",), "same-1"),
    ]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("---\ntitle: 'It''s *here*'\n---\n# Other", "It's here"),
        ('---\ntitle: "Say \\"hi\\"" # aside\n---\nx', 'Say "hi"'),
        ('+++\ntitle = "Hugo\'s"\n+++\nx', "Hugo's"),
        ("# First {#x}\n\n# Second", "First"),
        ("## Second level\n\n# First level", "First level"),
        ('<h1 align="center">\n  <img src=x> Project\n</h1>\n\n## Use', "Project"),
        ("just text", ""),
        ("---\n\ntext between rules\n\n---\n", ""),
        ("---\ntitle:\n---\n# Real", "Real"),
    ],
)
def test_title(page: str, title: str) -> None:
    """The front matter's title, else the first heading of level 1; a rule is not front matter."""
    assert _parsed(page).title == title


@pytest.mark.parametrize(
    ("matter", "owner"),
    [
        ("owner: People Ops", "People Ops"),
        ("Owner: '@acme/people-ops' # asks twice", "@acme/people-ops"),
        ("owner: Ann Lee <ann@acme.example>", "Ann Lee ann@acme.example"),
        ("owner: '[People **Ops**](https://acme.example)'", "People Ops"),
        ("owners: [ann, 'bob']", "ann, bob"),
        ("owners:\n  - ann\n  - bob", "ann, bob"),
        ("owner: ann\nowners: [bob]", "ann"),
        ("owner: a\u202eb\u200b\tc", "ab c"),
        (f"owner: {'x' * 119} y", "x" * 119),
        ("author: Ann", ""),
        ("title: T", ""),
        ("owner:", ""),
    ],
)
def test_owner(matter: str, owner: str) -> None:
    """Who answers for a page is what its front matter says, as one plain line; who wrote it is somebody else."""
    assert _parsed(f"---\n{matter}\n---\nText.").owner == owner


def test_front_matter_is_read_and_not_shown() -> None:
    """Its description is text, its keywords are search words, the rest is nothing; lines still count from the top."""
    page = "---\ntitle: T\ndescription: >\n  Two\n  lines\ntags: [a, 'b']\nkeywords:\n  - c d\nsecret: x\n---\n\nText."
    assert [(block.kind, block.text) for block in _blocks(page)] == [
        (Kind.PROSE, "Two lines"),
        (Kind.KEYWORDS, "c d, a, b"),
        (Kind.PROSE, "Text."),
    ]
    assert _blocks(page)[-1].lines == (12, 12)


def test_lists() -> None:
    """Items keep their depth and their numbers; what follows in an item is prose of the same depth."""
    page = "- one\n  - two\n\n    more\n3. three\n4. [x] four\n\n* a\n  lazy\n"
    assert [(block.kind, block.marker, block.depth, block.text) for block in _blocks(page)] == [
        (Kind.ITEM, "-", 1, "one"),
        (Kind.ITEM, "-", 2, "two"),
        (Kind.PROSE, "", 2, "more"),
        (Kind.ITEM, "3.", 1, "three"),
        (Kind.ITEM, "4.", 1, "four"),
        (Kind.ITEM, "-", 1, "a lazy"),
    ]


def test_tables() -> None:
    """One line per row, cells as plain text, empty ones kept in their place; a pipe in code is no border."""
    page = "| *Who* | What |\n|:--|--:|\n| [Ada](x) | |\n| a \\| b | `c` <br> d |"
    assert [(block.kind, block.text, block.lines) for block in _blocks(page)] == [
        (Kind.HEADER, "Who | What", (1, 1)),
        (Kind.ROW, "Ada | ", (3, 3)),
        (Kind.ROW, "a | b | c d", (4, 4)),
    ]


def test_html_blocks_are_read() -> None:
    """HTML between the Markdown is text like the rest: tables by rows, details with what they hold, nothing hidden."""
    page = (
        "<table>\n<tr><th>A</th><th>B</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n\n"
        "<details><summary>More</summary>\n\ninside **it**\n\n</details>\n\n"
        "<script>\nalert(1)\n</script>\n<style>p {}</style>\n\n<p>One</p><p>Two</p>\n"
    )
    assert [(block.kind, block.text) for block in _blocks(page)] == [
        (Kind.HEADER, "A | B"),
        (Kind.ROW, "1 | 2"),
        (Kind.PROSE, "More"),
        (Kind.PROSE, "inside it"),
        (Kind.PROSE, "One"),
        (Kind.PROSE, "Two"),
    ]


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display: none">\n\nSECRET **words**\n\n- SECRET\n\n```\nSECRET\n```\n\n</div>',
        "<div hidden>\n<div>\n\nSECRET\n\n</div>\nSECRET\n</div>",
        "<!--\nSECRET\n\nSECRET\n-->",
        "open <span hidden>SECRET</span> text",
        "open <span style='font-size:0px'>SECRET</span> text",
        "<p aria-hidden='true'>SECRET</p>",
        "[//]: # (SECRET)",
        "<template>\n\nSECRET\n\n</template>",
        "<svg><text>SECRET</text></svg>",
        '<img src="x" title="SECRET">',
    ],
)
def test_what_is_hidden_stays_hidden(hidden: str) -> None:
    """Hidden elements, comments and templates never become text, however they span the page; what follows does."""
    texts = " ".join(_texts(f"before\n\n{hidden}\n\nafter"))
    assert "SECRET" not in texts
    assert texts.startswith("before")
    assert texts.endswith("after")


def test_characters_nobody_sees_are_gone() -> None:
    """Zero-width, bidirectional, tag, variation and control characters are stripped, from entities too."""
    page = "a\u200bb\u202ec\U000e0041\U000e0042d\ufe0fe\x07f &#x200b;g&#x202e;h\u00a0i\r\nj\r\n\r\n`k\u200bl`"
    assert _texts(page) == ["abcdef gh i j", "kl"]


def test_pages_longer_than_one_piece_read_the_same() -> None:
    """A page that is parsed piece by piece has the headings, items, lines and links of one parsed whole."""
    code = "```\n# code\n\n- no item\n```"
    paragraph = f"- item [link][far] here\n\n  goes on\n\n{code}\n\nText **bold** text.\n\n## Part {{n}}\n\n"
    pages = WHOLE // len(paragraph) + 50
    page = "".join(paragraph.replace("{n}", str(n)) for n in range(3 * pages)) + "[far]: http://x.y\n"
    sections = _parsed(page).sections
    assert [section.headings[0] for section in sections[1:]] == [f"Part {n}" for n in range(3 * pages)]
    for number, section in enumerate(sections[:-1]):
        assert [block.text for block in section.blocks] == [
            "item link here",
            "goes on",
            "# code\n\n- no item",
            "Text bold text.",
        ]
        assert section.blocks[0].lines == (1 + 14 * number, 1 + 14 * number)


def test_a_long_comment_hides_all_of_itself() -> None:
    """A page is never cut inside a comment, however long it is: what is hidden stays so."""
    assert _texts("a\n\n<!--\n" + "SECRET words\n\n# SECRET\n" * 30_000 + "-->\n\nb") == ["a", "b"]


def test_long_code_is_one_block() -> None:
    """Nor inside a code block, whatever its lines look like."""
    code = "# no heading\n\n- no item\n\ntext\n" * 6000
    before, block, after = _blocks(f"a\n\n```\n{code}```\n\nb")
    assert (before.text, block.kind, after.text) == ("a", Kind.CODE, "b")
    assert block.text == code.strip()


@pytest.mark.parametrize(
    "sign", ["[", "![", "[a][", "[a](", "*a_", "`", "<", "<!--", "<a b='", "{%", "{{ ", ">", "- ", "|a", "#\n", "&"]
)
def test_a_hostile_page_is_read_or_given_up(sign: str) -> None:
    """Thousands of openings without an end cost neither the run nor much time."""
    _parsed("before\n\n" + sign * 3000 + "\n\nafter")


def test_a_page_that_takes_too_long_is_given_up() -> None:
    """Reading stops at the limit, with a reason."""
    seconds = iter(range(1000))
    parser = MarkdownParser(clock=lambda: float(next(seconds)), patience=0.5)
    with pytest.raises(Unreadable, match="too long"):
        parser.parse(b"# A\n\ntext")


def test_written_in_images_do_not_become_text() -> None:
    """Of an image that is written into the page as data its name stays, and nothing else."""
    assert _texts(f"![logo](data:image/png;base64,{'iVBORw0KGgo' * 20_000})") == ["logo"]
