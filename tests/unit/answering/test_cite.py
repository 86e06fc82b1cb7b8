"""Only what a passage says word for word is shown, numbered by first use, gated."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.answering.cite import Cited, Citing
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
