"""Which sentences are grounded, piece by piece: blocks of content, late citations, and any cut of the text."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.cohere.events import Citation, Source
from bot.adapters.cohere.grounds import Grounded, Grounds, found

FIRST = "Soup is served at noon."
SECOND = "Tea is free."
THIRD = "Bread costs one euro."
TEXT = f"{FIRST} {SECOND} {THIRD}"


def a_citation(text: str, start: int, *ids: str, block: int | None = None, kind: str | None = None) -> Citation:
    """A citation of `text`, told as beginning at `start`."""
    sources = tuple(Source(type="document", id=name) for name in ids)
    return Citation(start=start, end=start + len(text), text=text, sources=sources, content_index=block, type=kind)


def texts(grounded: Sequence[Grounded]) -> list[str]:
    """The sentences alone."""
    return [one.draft.text for one in grounded]


def test_offsets_count_from_the_start_of_their_block() -> None:
    """A model that thinks first has its answer in the second block, and may have a third."""
    grounds = Grounds()
    given = grounds.write(f"{FIRST} {SECOND}", block=1)
    given += grounds.write(f"{SECOND} {THIRD}", block=2)
    grounds.cite(a_citation(SECOND, 0, "a", block=2))
    grounds.cite(a_citation(THIRD, len(SECOND) + 1, "b", block=2))
    grounds.cite(a_citation(FIRST, 0, "c", block=0))
    last = grounds.close()
    assert given == []
    assert texts(last) == [SECOND, THIRD]
    assert [one.documents for one in last] == [("a",), ("b",)]
    assert last[0].draft.joint == "\n\n"


def test_a_citation_may_come_before_its_words() -> None:
    """It is kept until they are there, and not put where the same words stand earlier."""
    grounds = Grounds()
    grounds.write(f"{FIRST} ", block=0)
    grounds.cite(a_citation(FIRST, len(FIRST) + 1, "a"))
    given = grounds.write(f"{FIRST} {SECOND}", block=0) + grounds.close()
    assert len(given) == 1
    assert given[0].draft.start == len(FIRST) + 1


def test_a_citation_across_sentences_grounds_each_of_them() -> None:
    """What it covers in part it grounds; its neighbours it does not."""
    grounds = Grounds()
    grounds.write(TEXT, block=0)
    grounds.cite(a_citation(f"noon. {SECOND}", TEXT.index("noon"), "a"))
    assert texts(grounds.close()) == [FIRST, SECOND]


def test_a_sentence_waits_for_text_behind_its_citation() -> None:
    """Another citation of it may follow at once: both are in before it is given."""
    grounds = Grounds()
    assert grounds.write(f"{FIRST} Te", block=0) == []
    grounds.cite(a_citation("Soup", 0, "a"))
    grounds.cite(a_citation("noon", FIRST.index("noon"), "b"))
    (one,) = grounds.write("a is", block=0)
    assert one.documents == ("a", "b")


@given(
    cuts=st.lists(st.integers(0, len(TEXT)), max_size=12),
    cited=st.lists(st.sampled_from([FIRST, SECOND, THIRD]), unique=True),
    way=st.sampled_from(["in the midst", "at the end"]),
)
def test_however_the_text_is_cut_the_same_sentences_are_grounded(cuts: list[int], cited: list[str], way: str) -> None:
    """Exactly those that are cited, in order, each once, wherever pieces end and whenever citations come."""
    grounds, given, place = Grounds(), list[Grounded](), 0
    waiting = sorted(cited, key=TEXT.index)
    for cut in [*sorted(cuts), len(TEXT)]:
        given += grounds.write(TEXT[place:cut], block=0)
        place = cut
        while way == "in the midst" and waiting and TEXT.index(waiting[0]) + len(waiting[0]) <= place:
            grounds.cite(a_citation(waiting[0], TEXT.index(waiting[0]), "a"))
            waiting.pop(0)
    if way == "at the end":
        assert given == []
    for words in waiting:
        grounds.cite(a_citation(words, TEXT.index(words), "a"))
    given += grounds.close()
    assert texts(given) == sorted(cited, key=TEXT.index)


@given(
    before=st.text(max_size=30),
    between=st.text(max_size=30),
    words=st.text(min_size=1, max_size=10).filter(str.strip),
    off=st.integers(-3, 3),
)
def test_words_are_found_nearest_to_where_they_are_told(before: str, between: str, words: str, off: int) -> None:
    """What is found are the words themselves; told exactly, they are found exactly there."""
    text = f"{before}{words}{between}{words}"
    place = len(text) - len(words)
    for told in (place, place + off):
        where = found(a_citation(words, max(0, told), "a"), text)
        assert where is not None
        assert text[slice(*where)] == words.strip()
    exact = found(a_citation(words, place, "a"), text)
    if text.isascii():
        assert exact == (place + len(words) - len(words.lstrip()), place + len(words.rstrip()))
