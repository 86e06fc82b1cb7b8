"""Only what a passage says word for word is shown, numbered by first use, gated."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from bot.answering.cite import Cited, Citing
from bot.gate import gated
from bot.models import Hit, Statement, Support
from tests.nouns import HitFactory


def cite(statements: Iterable[Statement], passages: Sequence[Hit]) -> Cited:
    """What becomes of statements that come one after another."""
    citing = Citing(passages)
    for statement in statements:
        citing.add(statement)
    return citing.cited()


def test_an_unsupported_statement_is_not_shown(hit: HitFactory) -> None:
    """A statement whose quote does not stand in a given passage goes, however plausible."""
    given = hit("Leave ends on Friday.")
    made_up = Statement.quoting(given.chunk.id, "Leave ends on Monday.")
    foreign = Statement.quoting("elsewhere#0", "Leave ends on Friday.")
    assert cite([made_up, foreign], [given]).text == ""
    assert cite([made_up, foreign], [given]).citations == ()


def test_a_statement_without_a_quote_is_not_shown(hit: HitFactory) -> None:
    """Naming a passage is not yet being supported by it."""
    given = hit("Leave ends on Friday.")
    assert cite([Statement("Leave ends on Friday.", (Support(given.chunk.id),))], [given]).citations == ()


def test_numbers_follow_first_use_and_are_shared(hit: HitFactory) -> None:
    """Two sentences of one passage share its number; the first passage used is number one."""
    first, second = hit("Ask early. Ask twice.", path="a.md"), hit("Then wait.", path="b.md")
    statements = [
        Statement.quoting(second.chunk.id, "Then wait."),
        Statement.quoting(first.chunk.id, "Ask early."),
        Statement.quoting(first.chunk.id, "Ask twice."),
    ]
    cited = cite(statements, [first, second])
    assert cited.text == "Then wait. [1]\n\nAsk early. [2]\n\nAsk twice. [2]"
    assert [(c.n, c.chunk_id, c.quote) for c in cited.citations] == [
        (1, second.chunk.id, "Then wait."),
        (2, first.chunk.id, "Ask early. … Ask twice."),
    ]


def test_a_footnote_says_who_answers_for_its_document(hit: HitFactory) -> None:
    """The owner comes from the chunk that is cited."""
    given = hit("Ask early.")
    given = replace(given, chunk=replace(given.chunk, owner="People Ops"))
    (footnote,) = cite([Statement.quoting(given.chunk.id, "Ask early.")], [given]).citations
    assert footnote.owner == "People Ops"


def test_a_marker_inside_a_document_does_not_pose_as_ours(hit: HitFactory) -> None:
    """A literal [7] in a passage is shown as (7), so that only our numbers look like footnotes."""
    given = hit("See note [7] first.")
    assert cite([Statement.quoting(given.chunk.id, "See note [7] first.")], [given]).text == ("See note (7) first. [1]")


def test_hostile_text_leaves_through_the_gate(hit: HitFactory) -> None:
    """Mentions, links and images in a quoted passage come out as plain words."""
    text = "Click [here](https://evil.example/?q=1) <!channel> ![x](https://evil.example/p.png) now."
    given = hit(text)
    shown = cite([Statement.quoting(given.chunk.id, text)], [given]).text
    assert "](" not in shown
    assert "<!channel>" not in shown


def test_a_url_that_stands_in_the_cited_passage_stays_as_code(hit: HitFactory) -> None:
    """The address that the answer is about can be read, and not be clicked."""
    text = "Open https://intranet.example/vpn to begin."
    given = hit(text)
    shown = cite([Statement.quoting(given.chunk.id, text)], [given]).text
    assert "`https://intranet.example/vpn`" in shown


# --- what a model writes --------------------------------------------------------------------------------------------


def test_a_sentence_may_rest_on_several_passages(hit: HitFactory) -> None:
    """Each support that holds gets its number, in order; one that does not hold is left out."""
    first, second = hit("Leave is paid.", path="a.md"), hit("Leave lasts 16 weeks.", path="b.md")
    supports = (
        Support(second.chunk.id, "16 weeks"),
        Support(first.chunk.id, "Leave is paid."),
        Support(first.chunk.id, "Leave is unpaid."),
    )
    cited = cite([Statement("You get 16 paid weeks.", supports)], [first, second])
    assert cited.text == "You get 16 paid weeks. [1][2]"
    assert [(c.n, c.path, c.quote) for c in cited.citations] == [(1, "b.md", "16 weeks"), (2, "a.md", "Leave is paid.")]


def test_sentences_keep_their_paragraph_and_items_their_list(hit: HitFactory) -> None:
    """What is joined by a space or a line break is shown so; pieces put together are the text."""
    given = hit("Do one. Do two. Do three.")
    statements = [
        Statement("Do this:", (Support(given.chunk.id, "Do one."),)),
        Statement("- one", (Support(given.chunk.id, "Do one."),), joint="\n"),
        Statement("- two", (Support(given.chunk.id, "Do two."),), joint="\n"),
        Statement("Then three.", (Support(given.chunk.id, "Do three."),)),
        Statement("That is all.", (Support(given.chunk.id, "Do three."),), joint=" "),
    ]
    citing = Citing([given])
    pieces = [citing.add(statement) for statement in statements]
    assert "".join(pieces) == citing.cited().text
    assert citing.cited().text == "Do this: [1]\n- one [1]\n- two [1]\n\nThen three. [1] That is all. [1]"


def test_the_first_sentence_that_is_shown_begins_the_text(hit: HitFactory) -> None:
    """Where those before it have no support, nothing stands before it."""
    given = hit("Do one.")
    statements = [Statement("Well."), Statement("Do one.", (Support(given.chunk.id, "Do one."),), joint=" ")]
    assert cite(statements, [given]).text == "Do one. [1]"


@pytest.mark.parametrize("joint", [" ", "\n"])
def test_two_sentences_never_make_a_link_together(hit: HitFactory, joint: str) -> None:
    """A construct that begins in one sentence and ends in the next is kept apart: no link spans two paragraphs."""
    given = hit("Open [the page. It is](https://evil.example/x) there.")
    halves = ("Open [the page.", "It is](https://evil.example/x) there.")
    statements = [Statement(half, (Support(given.chunk.id, half),), joint=joint) for half in halves]
    text = cite(statements, [given]).text
    assert gated(text, sources=1, allowed_urls=frozenset({"https://evil.example/x"})) == text
    assert "](https" not in text.replace("\n\n", "")
