"""What messages look like."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import WITHOUT, Answer, Citation, Question
from bot.playground import blocks as slack_blocks
from handlers.buttons import Action, Seal
from handlers.views.answer import answer_message, ended_message, growing_message, plain_message
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message, body, escaped, shortened
from handlers.views.sources import age_in_words, place, source_line, web_address
from tests.nouns import NOON, a_question

SEAL = Seal.of("xoxb-of-the-tests")
QUESTION = a_question()
PRIVATE = replace(QUESTION, private=True, reply_url="https://hooks.acme.example/1")
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
DECLINED = replace(ANSWER, text="The docs don't say.", answered=False, citations=())


def drawn(answer: Answer, question: Question = QUESTION) -> Message:
    return answer_message(answer, question=question, seal=SEAL, now=NOON)


def small_print(message: Message) -> list[str]:
    return [element["text"] for block in message.blocks if block["type"] == "context" for element in block["elements"]]


def parsed(message: Message) -> list[str]:
    """All in which Slack reads markup."""
    texts = [block["text"] for block in message.blocks if block["type"] == "section"]
    texts += [element for block in message.blocks if block["type"] == "context" for element in block["elements"]]
    return [text["text"] for text in texts if text["type"] == "mrkdwn"]


def sources(message: Message) -> list[str]:
    return [block["text"]["text"] for block in message.blocks if block["type"] == "section"]


def buttons(message: Message) -> dict[str, Block]:
    """The buttons in the last row, by what stands on them."""
    return {element["text"]["text"]: element for element in message.blocks[-1]["elements"]}


def leaves(block: Block) -> list[Block]:
    return [leaf for section in block["elements"] for leaf in section["elements"]]


def test_an_answer_is_its_text_its_sources_how_it_was_made_and_what_to_do_about_it() -> None:
    """In that order, with nothing before the answer."""
    message = drawn(ANSWER)
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["rich_text", "context", "section", "context", "context_actions", "actions"]
    assert "".join(leaf["text"] for leaf in leaves(message.blocks[0])) == ANSWER.text.replace("`", "")
    assert sources(message) == [
        "1  <https://wiki.acme.example/leave?a=1&amp;b=2#annual|Leave › Annual leave>\nupdated 3 weeks ago"
    ]
    assert small_print(message) == ["Sources", "Quoted from the docs automatically · 0.8 s"]
    assert message.text == f"{ANSWER.text}\nSources: 1 Leave › Annual leave"
    assert list(buttons(message)) == ["Why this answer?", "Ask a person"]


def test_what_buttons_carry_is_sealed() -> None:
    """The question's id, and the passage's where it is about one."""
    message = drawn(ANSWER)
    for label, action in (("Why this answer?", Action.WHY), ("Ask a person", Action.ASK_PERSON)):
        assert SEAL.open(action, buttons(message)[label]["value"]) == (QUESTION.id,)
    assert SEAL.open(Action.OUTDATED, message.blocks[2]["accessory"]["value"]) == (QUESTION.id, "leave#0")
    (thumbs,) = message.blocks[4]["elements"]
    rated = [SEAL.open(Action.RATE, thumbs[f"{side}_button"]["value"]) for side in ("positive", "negative")]
    assert rated == [("good", QUESTION.id), ("bad", QUESTION.id)]


def test_an_id_that_fits_on_no_button_has_none() -> None:
    """Slack takes 2,000 characters."""
    message = drawn(replace(ANSWER, citations=(replace(LEAVE, chunk_id="x" * 2_000),)))
    assert "accessory" not in message.blocks[1]


def test_a_private_answer_can_be_shared_and_followed_up() -> None:
    """And whoever asks a person is told that this is public."""
    offered = buttons(drawn(ANSWER, PRIVATE))
    assert list(offered) == ["Share here", "Ask follow-up", "Why this answer?", "Ask a person"]
    assert offered["Ask a person"]["confirm"]["text"]["text"] == (
        "Your question and your name go to the help channel, where others see them."
    )
    assert list(buttons(drawn(DECLINED, PRIVATE))) == ["Ask follow-up", "Ask a person"]
    assert "confirm" not in buttons(drawn(ANSWER))["Ask a person"]


def test_an_answer_that_was_not_written_can_be_tried_again() -> None:
    """Quoted because the model was away: the first button asks once more, in the same place."""
    assert next(iter(buttons(drawn(replace(ANSWER, unwritten=True))))) == "Try again"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (("reranker",), "Simpler than usual: ranked without the reranker. Try again later."),
        (("embedder",), "Simpler than usual: searched by words alone. Try again later."),
        (
            ("embedder", "reranker"),
            "Simpler than usual: searched by words alone and ranked without the reranker. Try again later.",
        ),
    ],
)
def test_an_answer_says_what_it_did_without(missing: tuple[str, ...], said: str) -> None:
    """In one line below it, with a button to ask once more; an answer that lacked nothing says nothing."""
    message = drawn(replace(ANSWER, backends={**ANSWER.backends, **{step: WITHOUT[step] for step in missing}}))
    assert said in str(message.blocks)
    assert next(iter(buttons(message))) == "Try again"
    assert "Simpler" not in str(drawn(ANSWER).blocks)


def test_code_is_shown_as_code_and_nothing_else_is_styled() -> None:
    """Between backticks; asterisks and underscores of a document stay what they are."""
    said = "*.md in `a_b`, _c_ and d`"
    assert leaves(body(said)) == [
        {"type": "text", "text": "*.md in "},
        {"type": "text", "text": "a_b", "style": {"code": True}},
        {"type": "text", "text": ", _c_ and d`"},
    ]
    assert drawn(replace(ANSWER, text=said)).blocks[0] == body(said)


def test_a_written_answer_says_that_it_was_written() -> None:
    """Only a generator that quotes may call it a quotation; what a model wrote is Markdown."""
    message = drawn(replace(ANSWER, text="**Bold** words", backends={"generator": "some-model"}))
    assert small_print(message)[-1] == "Written from the docs automatically · 0.8 s"
    assert leaves(message.blocks[0])[0] == {"type": "text", "text": "Bold", "style": {"bold": True}}


def test_a_follow_up_shows_what_was_understood() -> None:
    """When the question was rewritten, and only then."""
    rewritten = drawn(replace(ANSWER, standalone_query="annual leave for *them*", rewritten=True))
    assert "Understood as: annual leave for *them*" in small_print(rewritten)
    assert parsed(rewritten) == parsed(drawn(ANSWER))
    assert "Understood" not in "\n".join(small_print(drawn(ANSWER)))


def test_a_decline_names_what_was_searched_for_and_what_is_near() -> None:
    """It neither lists sources nor says how it was made, and a person can still be asked."""
    near = replace(LEAVE, n=2, title="Travel", heading_path=("Comp time",), url="file:///travel.md")
    message = drawn(replace(DECLINED, closest=(LEAVE, near)))
    leave = "<https://wiki.acme.example/leave?a=1&amp;b=2#annual|Leave › Annual leave> [1]"
    assert small_print(message) == [
        f"Closest: {leave} · Travel › Comp time [2]",
        "Searched for: how many hours?",
    ]
    assert message.text == "The docs don't say."
    assert list(buttons(message)) == ["Ask a person"]


def test_a_decline_can_be_rated() -> None:
    """People know best whether the docs really do not say: their word makes the question an unanswerable one."""
    assert "context_actions" in [block["type"] for block in drawn(replace(DECLINED, closest=(LEAVE,))).blocks]


def test_a_decline_with_nothing_near_is_one_line() -> None:
    """Nothing is padded."""
    assert [block["type"] for block in drawn(DECLINED).blocks] == ["rich_text", "actions"]


def test_a_source_says_who_answers_for_it() -> None:
    """Below it, with its age where that is known."""
    owned = replace(LEAVE, url="", path="", owner="People\nOps & <!here>")
    assert source_line(owned, now=NOON).endswith("updated 3 weeks ago · People Ops &amp; here")
    assert source_line(replace(owned, updated=None), now=NOON).endswith("leave\nPeople Ops &amp; here")
    assert source_line(replace(owned, owner="people.ops@acme.example"), now=NOON).endswith(" · people ops")


@pytest.mark.parametrize(
    ("first", "second", "older"),
    [(0, 366, True), (0, 365, False), (400, 0, False), (None, 400, False), (0, None, False)],
)
def test_a_source_that_is_much_older_than_the_first_says_so(
    first: int | None, second: int | None, *, older: bool
) -> None:
    """By more than a year; a reader is to compare them."""
    one, two = (
        replace(LEAVE, n=n, updated=None if days is None else NOON - timedelta(days=days))
        for n, days in ((1, first), (2, second))
    )
    lines = sources(drawn(replace(ANSWER, citations=(one, two))))
    assert ["⚠ older than 1" in line for line in lines] == [False, older]


def test_a_message_that_grows_can_be_stopped() -> None:
    """Whether it is the sign of life or half an answer."""
    stop = buttons(growing_message("Searching the docs…", question=QUESTION, seal=SEAL))["Stop"]
    assert SEAL.open(Action.STOP, stop["value"]) == (QUESTION.id,)


@pytest.mark.parametrize(("text", "label"), [("Stopped.", "Answer anyway"), ("I couldn't answer this.", "Try again")])
def test_a_message_that_ends_badly_offers_another_try(text: str, label: str) -> None:
    """In words that fit."""
    message = ended_message(text, question=QUESTION, seal=SEAL)
    assert message.text == text
    assert SEAL.open(Action.AGAIN, buttons(message)[label]["value"]) == (QUESTION.id,)


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


words = st.text(max_size=100) | st.sampled_from(
    ["", " ", "\n", "<" * 4_000, "&" * 12_000, "`" * 5_000, "a`\nb`c", "`a`" * 5_000]
)
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
    owner=words,
)


def several(one: Citation, times: int) -> tuple[Citation, ...]:
    return (one,) * times


questions = st.sampled_from([QUESTION, PRIVATE, replace(QUESTION, id="q" * 200)])
answers = st.builds(
    Answer,
    question=words,
    standalone_query=words,
    text=words,
    answered=st.booleans(),
    confidence=st.just("low"),
    citations=st.builds(several, citations, st.sampled_from([0, 1, 2, 3, 60])),
    closest=st.builds(several, citations, st.integers(0, 9)),
    timings_ms=st.just({"total": 1.0}) | st.just(dict[str, float]()),
    rewritten=st.booleans(),
    backends=st.sampled_from([{"generator": "quotes"}, {"generator": "some-model"}]),
)


@given(answers, questions)
def test_slack_takes_every_answer(answer: Answer, question: Question) -> None:
    """Whatever documents, people and models wrote, each block keeps Slack's limits, and so does the text."""
    message = drawn(answer, question)
    assert slack_blocks.check(list(message.blocks)) == []
    assert len(message.blocks) <= 45
    assert len(message.text) <= LONGEST_FALLBACK


@given(words, st.booleans())
def test_slack_takes_every_line(text: str, again: bool) -> None:  # noqa: FBT001  (hypothesis gives it)
    """Also an empty one."""
    message = ended_message(text, question=QUESTION, seal=SEAL) if again else plain_message(text)
    assert slack_blocks.check(list(message.blocks)) == []
    assert len(message.text) <= LONGEST_FALLBACK


@given(words)
def test_slack_takes_every_text_that_grows(text: str) -> None:
    """As an edit, half way."""
    message = growing_message(text, question=QUESTION, seal=SEAL)
    assert slack_blocks.check(list(message.blocks)) == []
    assert len(message.text) <= LONGEST_FALLBACK
