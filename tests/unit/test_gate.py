"""Nothing passes the gate but plain text, our own markers and inert addresses, however it arrives."""

# ruff: noqa: RUF001  (other scripts, and look-alikes, are what is tested here)

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gate import LOOKAHEAD, REMOVED, Gate, addresses, gated, label, plain, unmarked
from tests.unit.hostile_outputs import ALLOWED, SOURCES, Hostile, corpus, dangers
from tests.unit.innocent_outputs import SHAPES

CORPUS = corpus()
KINDS = sorted({hostile.kind for hostile in CORPUS})
MOST_SPLITS = 120


def of_kind(kind: str) -> list[Hostile]:
    return [hostile for hostile in CORPUS if hostile.kind == kind]


def shown(text: str) -> str:
    return gated(text, sources=SOURCES, allowed_urls=ALLOWED)


def streamed(pieces: Iterable[str]) -> Iterator[str]:
    gate = Gate(sources=SOURCES, allowed_urls=ALLOWED)
    for piece in pieces:
        yield gate.feed(piece)
    yield gate.close()


def offsets(text: str) -> Sequence[int]:
    """Every place where a text can be cut; of a long one its ends, the edge of looking ahead, and some between."""
    if len(text) <= MOST_SPLITS:
        return range(len(text) + 1)
    near = [*range(12), *range(len(text) - 12, len(text) + 1), *range(LOOKAHEAD - 3, LOOKAHEAD + 4)]
    between = range(0, len(text), max(97, len(text) // 12))
    return sorted({offset for offset in near if 0 <= offset <= len(text)} | {*between})


# --- hostile texts --------------------------------------------------------------------------------------------------


def test_the_corpus_is_large_and_wide() -> None:
    """Every trick that we know of is tried, in hundreds of texts, and none of them twice."""
    assert len({hostile.text for hostile in CORPUS}) == len(CORPUS) >= 580
    assert len(KINDS) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_whole_texts_leave_inert(kind: str) -> None:
    """Nothing in a hostile text is alive, hidden or posing as ours once it has passed the gate."""
    found = {hostile.text[:200]: dangers(shown(hostile.text)) for hostile in of_kind(kind)}
    assert {text: found for text, found in found.items() if found} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_the_untreated_texts_are_dangerous(kind: str) -> None:
    """The reader that judges what was shown sees the danger in most texts as they are: it is not blind."""
    texts = of_kind(kind)
    caught = [hostile for hostile in texts if dangers(hostile.text, allowed=())]
    assert len(caught) >= len(texts) * 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_anywhere_changes_nothing(kind: str) -> None:
    """A text in two pieces is shown as the whole text is, wherever it was cut."""
    for hostile in of_kind(kind):
        whole = shown(hostile.text)
        for offset in offsets(hostile.text):
            assert "".join(streamed([hostile.text[:offset], hostile.text[offset:]])) == whole, (hostile, offset)


@pytest.mark.parametrize("kind", KINDS)
def test_one_character_at_a_time_changes_nothing(kind: str) -> None:
    """A text that arrives letter by letter is shown as the whole text is."""
    for hostile in of_kind(kind):
        assert "".join(streamed(hostile.text)) == shown(hostile.text), hostile


@pytest.mark.parametrize("kind", KINDS)
def test_no_unfinished_text_is_dangerous(kind: str) -> None:
    """What stands there while a text still arrives is as inert as the end of it: no partial token escapes."""
    for hostile in of_kind(kind):
        so_far = ""
        for piece in streamed(hostile.text[:MOST_SPLITS]):
            so_far += piece
            if piece.strip():
                assert dangers(so_far, finished=False) == [], hostile


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_inert_lines(kind: str) -> None:
    """A title made of a hostile text is one line within its limit, with nothing alive in it."""
    for hostile in of_kind(kind):
        line = label(hostile.text, limit=60)
        found = [danger for danger in dangers(line, sources=0, allowed=()) if "README.md" not in danger]
        assert found == [], hostile
        assert len(line) <= 60
        assert "\n" not in line


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_cannot_forge_our_markers(kind: str) -> None:
    """However a document spells `[n]`, it is not there when our own marker has been added."""
    for hostile in of_kind(kind):
        said = gated(f"{unmarked(hostile.text)} [1]", sources=10**6)
        assert re.findall(r"\[[0-9]+\]", said) == ["[1]"], hostile


TRICKS = [
    *"[]()<>!`~@#|:/\\.\"' \n*_-ab1",
    *[
        "](",
        "![",
        "[1]",
        "[9]",
        "[a](",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<@U0123ABCD>",
        "<!channel",
        "@here",
        "```",
        "~~~",
    ],
    *["https://", "https://evil.example/x", "https://good.example/a", "www.", ".com", "/x", "[x]: ", "\n\n", "mailto:"],
    *[
        "\u200b",
        "\u200d",
        "\u202e",
        "\x1b[31m",
        "\x1b]8;;",
        "\x07",
        "\r",
        "\ufdd0",
        "\ufe0f",
        "\U000e0041",
        "。",
        "ا",
        "é",
    ],
]
tricky = st.lists(st.sampled_from(TRICKS), max_size=24).map("".join)


@given(tricky | st.text(max_size=60))
def test_any_text_leaves_inert(text: str) -> None:
    """No arrangement of tricks comes through, at the first pass or at a second."""
    once = shown(text)
    assert dangers(once) == []
    assert dangers(shown(once)) == []


@given(tricky, st.lists(st.integers(min_value=0, max_value=120), max_size=6))
def test_any_cuts_change_nothing(text: str, cuts: list[int]) -> None:
    """Cut into any pieces, a text is shown as the whole text is."""
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert "".join(streamed(pieces)) == shown(text)


@given(tricky)
def test_no_document_can_forge_our_markers(text: str) -> None:
    """No arrangement of tricks leaves a marker that is not ours."""
    said = gated(f"{unmarked(text)} [1]", sources=10**6)
    assert re.findall(r"\[[0-9]+\]", said) == ["[1]"]


# --- honest texts ---------------------------------------------------------------------------------------------------

HONEST = [
    "You can carry over at most 240 hours of annual leave into the next leave year. [1]",
    "It costs $5.00 (or 4,50 €) & takes < 3 days, i.e. 50 % less than in 1999; see Fig. [2].",
    "if a < b and c > d: return x[i] + y[i + 1]  # snake_case, camelCase, kebab-case",
    "List<String> names = new ArrayList<>(); Map<String, List<Object>> m;",
    "std::vector<int> v; a->b; x <<= 2; template <typename T> T max(T a, T b);",
    "Run make demo, then open C:\\Users\\me or /etc/hosts or ~/.local/share/footnote or pages/leave/leave.md:41.",
    "| Grade | Days |\n|-------|------|\n| A     | 20   |",
    "- one\n- two\n  1. three\n  2. four\n\n> quoted\n\n# Heading\n\n**bold** *italic* ~~gone~~",
    "Press [Enter] or [y/N]? The option [--readable-by WHO] takes a list [a, b, c].",
    "Arabic: يحق لك عشرون يومًا. Hebrew: מותר לך עשרים יום. Hindi: आपको बीस दिन मिलते हैं।",
    "Persian joins and does not join: می\u200cخواهم نامه\u200cای بنویسم.",
    "日本語の文章です。休暇は二十日あります！（詳細は人事部へ）「以上」",
    "Émojis 🎉 👍🏽 ⚠ ✅ stay, so do “quotes”, ‘these’, dashes – and —, dots… and §12.",
    "Call 555-0100 or +49 30 1234567 between 9:00 and 17:30, ratio 16:9, version 2.10.3, 10.0.0.0/8.",
    "Ask @alice or #payroll; e.g. the U.S. office, at 5 p.m., Ph.D. required. Note: see above.",
    "ERR-1234: TypeError in foo_bar; x^2 + y^2 = z^2; a|b; {json: true}; 50%; C#; F++; R&D; AT&T.",
    "An inline `code --flag` and `x = [1] * 2` stay code.",
    "Footnote! Really? Yes (mostly): 'quoted', \"double\", <placeholder>, <your name>.",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_is_left_alone(text: str) -> None:
    """Prose, prices, code, tables, paths and other scripts are shown exactly as they were written."""
    assert shown(text) == text


@pytest.mark.parametrize("shape", SHAPES)
def test_what_gives_a_text_its_shape_is_left_alone(shape: str) -> None:
    """Headings, lists, emphasis, code, blocks, tables and quotes leave as they came, whole or letter by letter."""
    assert shown(SHAPES[shape]) == SHAPES[shape]
    assert "".join(streamed(SHAPES[shape])) == SHAPES[shape]
    assert dangers(SHAPES[shape]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```sh\nmake", "```sh\nmake\n```"),
        ("```\nmake\n", "```\nmake\n```"),
        ("```sh", ""),
        ("Run:\n```\n```\nnow", "Run:\nnow"),
        ("~~~py title=x\n1\n~~~", "```py\n1\n```"),
        ("````md\n```sh\nmake\n```\n````", "```md\n'''sh\nmake\n'''\n```"),
        ("1. x\n     ```sh\n     make\n       test\n     ```", "1. x\n   ```sh\n   make\n     test\n   ```"),
        ("1. x\n   ```\nmake\n   ```\ny", "1. x\n   ```\n   make\n   ```\ny"),
        ("> ```\n> make\nout", "> ```\n> make\n> ```\nout"),
        ("- ```sh\n  make\n  ```\nout", "- `  make`\nout"),
        ("```\ncurl https://evil.example/a evil.com/b evil.com\n```", f"```\ncurl {REMOVED} {REMOVED} evil.com\n```"),
        ("```sh\ncurl https://good.example/a\n```", "```sh\ncurl https://good.example/a\n```"),
    ],
)
def test_a_block_leaves_in_one_form(text: str, expected: str) -> None:
    """A block ends where it began, its lines stand where its fences stand, and what it says is checked."""
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| `a | b` |", "| `a `|` b` |"),
        ("|a|evil.com|b|", "|a|`evil.com`|b|"),
        ("`a | b`", "`a | b`"),
        ("`a | b` `evil.com`\n--|--\nc", "`a | b` `evil.com`\n\n--|--\nc"),
    ],
)
def test_no_table_takes_code_apart(text: str, expected: str) -> None:
    """A pipe ends a cell, whatever stands around it: so no code reaches across one where a table may be."""
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [the leave page](https://intranet.example/leave) first.", "See the leave page first."),
        ("![logo](x.png) Welcome<br>home, <b>you</b>.", "logo Welcome home, you."),
        ("[![build](b.svg)](https://ci.example) passes", "build passes"),
        ("Ask <@U0123ABCD|alice> in <#C0123ABCD|help>. <!channel>", "Ask alice in help. channel"),
        ("On <!date^1392734382^{date}|18 February> at noon.", "On 18 February at noon."),
        ("Write to people@corp.example or see corp.example.", "Write to `people@corp.example` or see `corp.example`."),
        ("Edit README.md, then os.path.join(a,b).", "Edit `README.md`, then `os.path.join(a,b)`."),
        ("x`https://good.example/a`y", "x `https://good.example/a` y"),
        ("Open 10.1.2.3:8080/admin in 10.0.0.0/8.", "Open `10.1.2.3:8080/admin` in 10.0.0.0/8."),
        ("Unfinished `code here", "Unfinished 'code here"),
        ("Do it. [1][2] [3] a[0]", "Do it. [1][2] (3) a(0)"),
        ("[note][n]\n\n[n]: https://evil.example\nrest", "note\n\n\nrest"),
        ("tab\there\r\nnext\u2028last\xa0line", "tab here\nnext\nlast line"),
        ("\x1b[1mbold\x1b[0m a\u200bb \u202eflip", "bold ab flip"),
        ("👩\u200d💻 and ⚠\ufe0f", "👩💻 and ⚠"),
        ("@here you go", "@ here you go"),
    ],
)
def test_what_goes_leaves_what_it_showed(text: str, expected: str) -> None:
    """A construct is replaced by the words that it would have shown; names that could become links turn into code."""
    assert shown(text) == expected


# --- addresses ------------------------------------------------------------------------------------------------------


def test_a_cited_address_stays_as_code() -> None:
    """An address that stands in a cited passage can be read and cannot be clicked, whatever it stands next to."""
    said = shown("Open https://good.example/a, (https://good.example/a) or https://good.example/a.")
    assert said == "Open `https://good.example/a`, (`https://good.example/a`) or `https://good.example/a`."


@pytest.mark.parametrize("more", ["?q=1", "#x", "b", "/b", "/../b", "%2e", "@evil.example", ".evil.example", ":8080"])
def test_an_address_is_cited_as_a_whole_or_not_at_all(more: str) -> None:
    """An address that only begins like a cited one goes."""
    assert shown(f"Open https://good.example/a{more} now") == f"Open {REMOVED} now"


def test_an_allowed_address_cannot_carry_markup() -> None:
    """What the caller allows is no way in: an address that could break out of its code span is not kept."""
    bad = [
        "https://x.example/`<!here>`",
        "https://x.example/a|b",
        "javascript:alert(1)",
        "https://a@x.example/",
        "[a](b)",
    ]
    for url in bad:
        assert dangers(gated(f"see {url} now", allowed_urls=bad), allowed=()) == []


def test_a_passage_tells_its_addresses() -> None:
    """What the gate would take for an address in a passage is what may be shown to who cites it."""
    passage = "Go to https://wiki.example/x_(y), www.example.org or (intranet.example/leave)."
    said = gated(passage, allowed_urls=addresses(passage))
    assert said == "Go to `https://wiki.example/x_(y)`, `www.example.org` or (`intranet.example/leave`)."


# --- labels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("  Annual\n leave ", 40, "Annual leave"),
        ("pages/travel-and-leave/leave.md", 40, "pages/travel-and-leave/leave.md"),
        ("README.md", 40, "README.md"),
        ("www.example.com/docs/index.html", 40, "`www.example.com/docs/index.html`"),
        ("RFC [2] and [link](https://evil.example)", 40, "RFC (2) and link"),
        ("a very long title indeed", 10, "a very lo…"),
        ("see corp.example.com for it", 12, "see…"),
        ("exactly", 7, "exactly"),
        ('no index under ~/.local/share/footnote; run "footnote index PATH" first', 99, None),
    ],
)
def test_labels_fit_a_line(text: str, limit: int, expected: str | None) -> None:
    """A label is one line, cut with an ellipsis, and never in the middle of a code span."""
    assert label(text, limit=limit) == (text if expected is None else expected)


def test_a_marker_in_a_document_is_put_in_parentheses() -> None:
    """Only our numbers look like footnotes; other brackets stay."""
    assert unmarked("see [2], [ 3 ] and [a][4], x[5], [b]") == "see (2), (3) and a (4), x(5), [b]"


# --- cost -----------------------------------------------------------------------------------------------------------

BOMBS = [
    *[
        "[",
        "![",
        "[](",
        "[a](",
        "[a][",
        "[1]:",
        "[a]: ",
        "<a ",
        "<!--",
        "`",
        "``a",
        "`a``b```c",
        "~~~\n",
        "```\n",
        "[x`](",
    ],
    *[
        "a.",
        "a.b/",
        "http://",
        "https://good.example/a)",
        "a@",
        "x@y.",
        "www.",
        "a+a+",
        "//a.",
        "://",
        "1.1.1.1/",
        "a.b(",
    ],
    *[
        "\x1b[",
        "\x1b]",
        "\r",
        "\u200d",
        "ا\u200d",
        "[1]",
        "[9]",
        "@here",
        "看",
        "é",
        "]:(",
        "\\`",
        "[a\n",
        "<@U1|",
        " ",
    ],
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_cost_grows_with_length_alone(bomb: str) -> None:
    """Three times the text takes about three times the steps, whatever it is made of (squared growth: nine times)."""
    short, long = (bomb * (size // len(bomb)) for size in (6_000, 18_000))
    assert steps(long) <= 4 * steps(short)


@pytest.mark.parametrize("bomb", ["[", "<a ", "[a\n", "\\`", "<!--", "[](", "https://good.example/a)", "\x1b["])
def test_a_large_bomb_is_no_bomb(bomb: str) -> None:
    """A hundred kilobytes of a trick are gated in a bounded number of steps for each of their characters."""
    assert steps(bomb * (100_000 // len(bomb))) <= 100 * 100_000


def steps(text: str) -> int:
    """Calls made, in Python and in C, to gate a text."""
    count = 0

    def note(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        gated(text, sources=SOURCES, allowed_urls=ALLOWED)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("bomb", BOMBS)
def test_little_is_held_back(bomb: str) -> None:
    """However a text goes on, what is still to come at its end is bounded."""
    gate = Gate(sources=SOURCES, allowed_urls=ALLOWED)
    for _ in range(40_000 // 100):
        gate.feed((bomb * 100)[:100])
    assert len(gate.close()) <= 3 * LOOKAHEAD


def test_prose_is_held_back_by_a_word() -> None:
    """A sentence streams word by word."""
    gate = Gate(sources=0)
    sentence = "You can carry over at most 240 hours of annual leave "
    assert gate.feed(sentence) == sentence
    assert gate.feed("into") == ""
    assert gate.feed(" the") == "into "


@settings(max_examples=500)
@given(
    st.from_regex(r"(?:[A-Za-z0-9À-ÖØ-öø-ÿ,;'’%–… -]|[.?!](?= |$))*", fullmatch=True).map(
        lambda text: text.rstrip("\n")
    )
)
def test_what_counts_as_plain_is_what_the_stages_leave_alone(text: str) -> None:
    """The short way says what the long way would, also with a marker after it, and in a label."""
    marked = f"{text.strip()} [1]"
    assert (plain(text), through_all(text), through_all(marked)) == (True, text, marked)


def test_nothing_hostile_counts_as_plain() -> None:
    """The short way is for harmless sentences: what of the corpus takes it, the long way leaves unchanged."""
    plain_ones = [one.text for one in corpus() if plain(one.text)]
    assert [text for text in plain_ones if through_all(text) != text] == []


def through_all(text: str) -> str:
    """The long way."""
    gate = Gate(sources=1)
    return gate.feed(text) + gate.close()
