"""What messages look like."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Answer, Citation
from bot.playground import blocks as slack_blocks
from handlers.views.answer import answer_message, plain_message
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message, body, escaped, shortened
from handlers.views.sources import age_in_words, place, source_line, web_address
from tests.nouns import NOON

LEAVE = Citation(
    n=1,
    chunk_id="leave#0",
    document_id="leave",
    revision="r1",
    path="people/leave.md",
    title="Leave",
    heading="Annual leave",
    heading_path=("Annual leave",),
    quote="At most 240 hours carry over.",
    url="https://wiki.acme.example/leave?a=1&b=2#annual",
    updated=NOON - timedelta(days=21),
)
ANSWER = Answer(
    question="how many hours?",
    standalone_query="how many hours?",
    text="At most 240 hours carry over. [1]\nRun `leave --carry` first. [1]",
    answered=True,
    confidence="high",
    citations=(LEAVE,),
    timings_ms={"total": 812.4},
    backends={"generator": "quotes"},
)


def small_print(message: Message) -> list[str]:
    return [block["elements"][0]["text"] for block in message.blocks if block["type"] == "context"]


def parsed(message: Message) -> list[str]:
    """The small print in which Slack reads markup."""
    elements = [block["elements"][0] for block in message.blocks if block["type"] == "context"]
    return [element["text"] for element in elements if element["type"] == "mrkdwn"]


def leaves(block: Block) -> list[Block]:
    return [leaf for section in block["elements"] for leaf in section["elements"]]


def test_an_answer_is_its_text_its_sources_and_how_it_was_made() -> None:
    """In that order, with nothing before the answer."""
    message = answer_message(ANSWER, now=NOON)
    assert [block["type"] for block in message.blocks] == ["rich_text", "context", "context"]
    assert "".join(leaf["text"] for leaf in leaves(message.blocks[0])) == ANSWER.text.replace("`", "")
    assert small_print(message) == [
        "1  <https://wiki.acme.example/leave?a=1&amp;b=2#annual|Leave › Annual leave>   updated 3 weeks ago",
        "Quoted from the docs automatically · 0.8 s",
    ]
    assert message.text == f"{ANSWER.text}\nSources: 1 Leave › Annual leave"


def test_code_is_shown_as_code_and_nothing_else_is_styled() -> None:
    """Between backticks; asterisks and underscores of a document stay what they are."""
    assert leaves(body("*.md in `a_b`, _c_ and d`")) == [
        {"type": "text", "text": "*.md in "},
        {"type": "text", "text": "a_b", "style": {"code": True}},
        {"type": "text", "text": ", _c_ and d`"},
    ]


def test_a_written_answer_says_that_it_was_written() -> None:
    """Only a generator that quotes may call it a quotation."""
    message = answer_message(replace(ANSWER, backends={"generator": "some-model"}), now=NOON)
    assert small_print(message)[-1] == "Written from the docs automatically · 0.8 s"


def test_a_follow_up_shows_what_was_understood() -> None:
    """When the question was rewritten, and only then."""
    rewritten = answer_message(replace(ANSWER, standalone_query="annual leave for *them*", rewritten=True), now=NOON)
    assert "Understood as: annual leave for *them*" in small_print(rewritten)
    assert parsed(rewritten) == parsed(answer_message(ANSWER, now=NOON))
    assert "Understood" not in "\n".join(small_print(answer_message(ANSWER, now=NOON)))


def test_a_decline_names_what_is_near() -> None:
    """It neither lists sources nor says how it was made."""
    near = replace(LEAVE, n=2, title="Travel", heading_path=("Comp time",), url="file:///travel.md")
    declined = replace(ANSWER, text="The docs don't say.", answered=False, citations=(), closest=(LEAVE, near))
    message = answer_message(declined, now=NOON)
    assert [element["text"] for element in message.blocks[1]["elements"]] == [
        "Closest:",
        "<https://wiki.acme.example/leave?a=1&amp;b=2#annual|Leave › Annual leave> [1]",
        "Travel › Comp time [2]",
    ]
    assert message.text == "The docs don't say."


def test_a_decline_with_nothing_near_is_one_line() -> None:
    """Nothing is padded."""
    declined = replace(ANSWER, text="The docs don't say.", answered=False, citations=())
    assert [block["type"] for block in answer_message(declined, now=NOON).blocks] == ["rich_text"]


def test_a_source_without_an_address_shows_its_path() -> None:
    """Slack cannot open a file; the path is there to be read, not clicked."""
    line = source_line(replace(LEAVE, url="file:///people/leave.md", updated=None), now=NOON)
    assert line == "1  Leave › Annual leave   `people/leave.md`"


def test_a_place_says_nothing_twice() -> None:
    """A first heading that repeats the title is one of them."""
    assert place(replace(LEAVE, heading_path=("Leave", "Annual leave"))) == "Leave › Annual leave"
    assert place(replace(LEAVE, title="", heading_path=())) == "people/leave.md"
    assert place(replace(LEAVE, title="", heading_path=(), path="")) == "Untitled"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://wiki.acme.example/a", "https://wiki.acme.example/a"),
        ("http://wiki.acme.example:8080/a?b=c&d#e", "http://wiki.acme.example:8080/a?b=c&amp;d#e"),
        ("https://wiki.acme.example/a|b><!channel> c", "https://wiki.acme.example/a%7Cb%3E%3C!channel%3E%20c"),
        ("https://wiki.acme.example/ü", "https://wiki.acme.example/%C3%BC"),
        ("file:///leave.md", None),
        ("javascript:alert(1)", None),
        ("slack://channel", None),
        ("//wiki.acme.example/a", None),
        ("leave.md", None),
        ("", None),
        ("https://", None),
        ("https://acme.example@evil.example/", None),
        ("https://\u0430cme.example/", None),
        ("https://[::1", None),
        ("https://wiki.acme.example/" + "a" * 2_000, None),
    ],
)
def test_only_a_plain_address_of_the_web_is_linked(url: str, address: str | None) -> None:
    """No other scheme, no name before an @, no letters that look like others, and nothing that ends the link early."""
    assert web_address(url) == address


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "today"),
        (0, "today"),
        (1, "yesterday"),
        (2, "2 days ago"),
        (6, "6 days ago"),
        (7, "1 week ago"),
        (21, "3 weeks ago"),
        (29, "4 weeks ago"),
        (30, "4 weeks ago"),
        (31, "1 month ago"),
        (364, "11 months ago"),
        (365, "1 year ago"),
        (800, "2 years ago"),
    ],
)
def test_ages_are_said_as_people_say_them(days: int, words: str) -> None:
    """In the largest unit that fits, and never in the future."""
    assert age_in_words(NOON - timedelta(days=days), now=NOON) == words


def test_escaping_never_cuts_an_entity_in_half() -> None:
    """A cut text is shorter than its limit and still well formed."""
    assert [escaped("a<b", limit=limit) for limit in (6, 5, 4, 3)] == ["a&lt;b", "a…", "a…", "a…"]


@given(st.text(max_size=300), st.integers(5, 100))
def test_escaped_text_holds_no_markup(text: str, limit: int) -> None:
    """Neither a bracket nor a stray ampersand, within the limit."""
    shown = escaped(text, limit=limit)
    assert len(shown) <= limit
    assert not set("<>") & set(shown)
    plain = shown.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
    assert "&" not in plain
    assert len(shortened(text, limit=limit)) <= limit


words = st.text(max_size=100) | st.sampled_from(["", " ", "\n", "<" * 4_000, "&" * 12_000, "`" * 5_000, "a`\nb`c"])
citations = st.builds(
    Citation,
    n=st.integers(1, 99),
    chunk_id=st.just("c"),
    document_id=st.just("d"),
    revision=st.just("r"),
    path=words,
    title=words,
    heading=words,
    heading_path=st.lists(words, max_size=4).map(tuple),
    quote=words,
    url=words | st.sampled_from([LEAVE.url, "https://a.example/" + "|" * 400, "https://a.example/" + "&" * 2_900]),
    updated=st.none() | st.just(NOON),
)


def several(one: Citation, times: int) -> tuple[Citation, ...]:
    return (one,) * times


answers = st.builds(
    Answer,
    question=words,
    standalone_query=words,
    text=words,
    answered=st.booleans(),
    confidence=st.just("low"),
    citations=st.builds(several, citations, st.integers(0, 60)),
    closest=st.builds(several, citations, st.integers(0, 9)),
    timings_ms=st.just({"total": 1.0}) | st.just(dict[str, float]()),
    rewritten=st.booleans(),
)


@given(answers)
def test_slack_takes_every_answer(answer: Answer) -> None:
    """Whatever documents, people and models wrote, each block keeps Slack's limits, and so does the text."""
    message = answer_message(answer, now=NOON)
    assert slack_blocks.check(list(message.blocks)) == []
    assert len(message.text) <= LONGEST_FALLBACK


@given(words)
def test_slack_takes_every_line(text: str) -> None:
    """Also an empty one."""
    message = plain_message(text)
    assert slack_blocks.check(list(message.blocks)) == []
    assert len(message.text) <= LONGEST_FALLBACK
