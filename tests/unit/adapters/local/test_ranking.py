"""What the local ranking counts: which words ask, how rare a word is, who keeps company, and what the numbers name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.adapters.local.evidence import FEATURES, gather, scaled, signs, signs_of_words
from bot.adapters.local.reranker import LocalReranker, Numbers, Regression
from bot.models import Embedding, Hit, Lent, Query
from bot.ports.search import Floors
from bot.words.asking import asked, named, weights
from tests.nouns import a_chunk, a_hit

NOTHING = Regression({}, 0.0)


def column(name: str, query: Query, hits: list[Hit]) -> list[float]:
    """One feature of each hit."""
    return gather(query, hits).features[:, FEATURES.index(name)].tolist()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How do I get my parental leave?", ["parent", "leav"]),
        ("what's ERR-1234", ["err1234", "err", "1234"]),
        ("what should I do now?", []),
    ],
)
def test_words_that_only_ask_are_not_looked_for(question: str, words: list[str]) -> None:
    """What names something stays, in the index's spelling."""
    assert named(question) == words


def test_a_question_that_only_asks_is_looked_for_as_it_is() -> None:
    """Better all of its words than none."""
    assert asked("what should I do now?") == ["what", "should", "i", "do", "now"]


def test_lent_words_add_their_weight() -> None:
    """A word counts 1 when it is the question's own, and what each lending text gives on top."""
    query = Query("can I split the leave", None, (Lent("parental leave", 0.5), Lent("leave leave", 0.25)))
    assert weights(query) == {"split": 1.0, "leav": 1.75, "parent": 0.5}


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    """Of two passages with one word of the question each, the one with the rarer word covers more of it."""
    hits = [a_hit(f"About leave number {n}.", path=f"{n}.md") for n in range(9)] + [a_hit("A sabbatical.", path="s.md")]
    coverage = column("coverage", Query("sabbatical leave", None), hits)
    assert coverage[-1] > 2 * coverage[0] > 0


def test_words_that_stand_together_count_as_close_and_adjacent() -> None:
    """The same words far apart, or in another order, earn less."""
    far = "Paid " + "filler " * 60 + "parental " + "filler " * 60 + "leave."
    hits = [
        a_hit("Paid parental leave.", path="a.md"),
        a_hit("Leave, parental, paid.", path="b.md"),
        a_hit(far, path="c.md"),
    ]
    query = Query("paid parental leave", None)
    close, adjacent = column("close_coverage", query, hits), column("adjacent", query, hits)
    assert close[0] == pytest.approx(1)
    assert close[1] == pytest.approx(1)
    assert close[2] < 0.5
    assert adjacent[0] > adjacent[1]
    assert adjacent[2] == 0


def test_words_of_the_headings_cover_a_question() -> None:
    """A passage under the right heading needs not repeat it."""
    headed = Hit(a_chunk("Sixteen weeks.", path="leave.md", heading_path=("Parental leave",)), 0.5)
    assert column("coverage", Query("parental leave", None), [headed, a_hit()])[0] == pytest.approx(1)


def test_a_page_with_more_good_passages_lifts_each_of_them() -> None:
    """Of two equal passages the one with company ranks higher, the more so within its own section."""

    def on(path: str, heading: str, position: int) -> Hit:
        chunk = replace(a_chunk("Leave.", path=path, title=path, heading_path=(heading,), position=position))
        return Hit(chunk, 0.5, bm25=5.0)

    hits = [
        on("a.md", "x", 0),
        on("a.md", "x", 1),
        on("a.md", "y", 2),
        on("b.md", "x", 0),
        replace(a_hit("No."), bm25=0.0),
    ]
    company = column("company", Query("leave", None), hits)
    assert company[0] > company[2] > company[3] == 0


def test_the_best_unit_speaks_for_its_passage() -> None:
    """A long passage with one fitting sentence has that sentence's cosine, not its own."""
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    fitting = a_hit("Long.", path="a.md", embedding=Embedding(north, np.stack([north, east])))
    other = a_hit("Short.", path="b.md", embedding=Embedding(north, None))
    found = gather(Query("question", east), [fitting, other])
    assert found.units.tolist() == [1.0, 0.0]
    assert found.cosines.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("values", "wanted"), [([2.0, 4.0, 3.0], [0, 1, 0.5]), ([3.0, 3.0], [0, 0]), ([7.0], [0])])
def test_scaling_runs_from_worst_to_best(values: list[float], wanted: list[float]) -> None:
    """From 0 to 1; equal values say nothing."""
    assert scaled(np.array(values)).tolist() == wanted


def test_the_shipped_numbers_name_what_is_measured() -> None:
    """Every weight belongs to a feature or a sign that exists, and every one of these has a weight."""
    numbers = Numbers.shipped()
    assert tuple(numbers.ranking) == FEATURES
    evidence = gather(Query("lunch", None), [a_hit()])
    assert set(numbers.sure.confidence) == set(signs(evidence, np.ones(1)))
    assert set(numbers.sure_by_words.confidence) == set(signs_of_words(evidence, np.ones(1)))


async def test_words_alone_can_be_sure() -> None:
    """While no question can be embedded, a passage that holds the words answers, and one that holds none does not."""
    hits = [a_hit("Lunch is served at noon in the canteen."), a_hit("Visitors park on level two.", path="parking.md")]
    ranker = LocalReranker()
    told = await ranker.rerank(Query("When is lunch served in the canteen?", None), hits, limit=2)
    assert told.hits[0].chunk.path == "canteen.md"
    assert told.confidence >= ranker.floors.decline
    untold = await ranker.rerank(Query("Which database does the billing system use?", None), hits, limit=2)
    assert untold.confidence < ranker.floors.decline


async def test_equal_scores_are_ordered_by_chunk() -> None:
    """Ties do not depend on the order of the hits."""
    hits = [a_hit(path=f"{letter}.md") for letter in "cab"]
    ranker = LocalReranker(Numbers({}, NOTHING, NOTHING, Floors(0.2, 0.5)))
    ranking = await ranker.rerank(Query("lunch", None), hits, limit=3)
    assert [hit.chunk.path for hit in ranking.hits] == ["a.md", "b.md", "c.md"]
    assert ranking.confidence == 0.5
