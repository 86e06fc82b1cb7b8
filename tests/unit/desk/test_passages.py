"""`/search` shows passages page by page, in their own words."""

from dataclasses import replace

import numpy as np
import pytest

from bot.answering.respond import MEMBERS_ONLY
from bot.desk.passages import NO_WORDS, PAGE, PAGES
from bot.desk.quotes import LONGEST, beginning, telling
from bot.errors import NothingIndexed
from bot.jobs import ShowPassages
from bot.models import Embedding, Hit, Query
from bot.screens import PassagePage
from tests.nouns import a_chunk
from tests.unit.desk.stand_ins import ASKER, GUEST, OTHER
from tests.unit.desk.world import World, click, secret


async def searched(world: World, page: int = 0, *, person: str = ASKER) -> PassagePage:
    await world.do(ShowPassages(click(person), "lunch", page))
    assert isinstance(world.shown, PassagePage)
    return world.shown


def menus(n: int) -> list[str]:
    return [f"Lunch number {number} has a soup." for number in range(n)]


@pytest.mark.parametrize(("page", "numbers", "more"), [(0, [1, 2, 3, 4, 5], True), (1, [6, 7], False), (2, [], False)])
async def test_pages_of_five(world: World, page: int, numbers: list[int], more: bool) -> None:  # noqa: FBT001  (a row of the table)
    """Passages are numbered through, and the last page says that it is the last."""
    world.library.chunks_ = [a_chunk(text, path=f"{text[13]}.md") for text in menus(7)]
    shown = await searched(world, page)
    assert [passage.n for passage in shown.passages] == numbers
    assert (shown.page, shown.more, shown.words) == (page, more, "lunch")


async def test_ten_pages_at_most(world: World) -> None:
    """However much matches, the tenth page is the last, and an eleventh is the tenth."""
    world.library.chunks_ = [a_chunk(text, path=f"{n}.md") for n, text in enumerate(menus(PAGE * PAGES + 3))]
    last = await searched(world, PAGES - 1)
    assert (len(last.passages), last.more) == (PAGE, False)
    assert await searched(world, PAGES) == last


async def test_only_what_the_person_may_read(world: World) -> None:
    """Passages for others are neither shown nor make another page."""
    world.library.chunks_ = [secret(path=f"{n}.md") for n in range(9)] + [a_chunk()]
    shown = await searched(world, person=OTHER)
    assert [passage.path for passage in shown.passages] == ["canteen.md"]
    assert not shown.more


async def test_a_guest_is_refused_politely(world: World) -> None:
    """Somebody who is no member gets one line and no search."""
    await world.do(ShowPassages(click(GUEST), "lunch"))
    assert world.told == MEMBERS_ONLY
    assert world.library.asked == []


async def test_without_words_nothing_is_searched(world: World) -> None:
    """An empty command says how it is used."""
    await world.do(ShowPassages(click(), "  "))
    assert world.told == NO_WORDS
    assert world.library.asked == []


async def test_without_documents_it_says_so(world: World) -> None:
    """Before anything is indexed the person hears what an admin can do."""
    world.library.empty = True
    await world.do(ShowPassages(click(), "lunch"))
    assert world.told == NothingIndexed.user_message


# --- the quote ------------------------------------------------------------------------------------------------------

TEXT = "Opening hours. The canteen opens at eight. Lunch is served at noon."
UNITS = ((0, 14), (15, 42), (43, 67))
HIT = Hit(a_chunk(TEXT, units=UNITS), 1.0)


def test_the_unit_that_shares_the_words_is_quoted() -> None:
    """Without vectors, words tell which sentence answers."""
    assert telling(HIT, Query("when is lunch", None)) == "Lunch is served at noon."


def test_a_heading_alone_is_not_quoted() -> None:
    """A unit of two words loses against a sentence that matches about as well."""
    assert telling(HIT, Query("canteen hours", None)) == "The canteen opens at eight."


def test_vectors_count_more_than_words() -> None:
    """The unit nearest in meaning is quoted though another shares a word."""
    units = np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32)
    near = replace(HIT, embedding=Embedding(units[1], units))
    assert telling(near, Query("lunch", np.array([1, 0], dtype=np.float32))) == "The canteen opens at eight."


def test_a_passage_without_units_begins() -> None:
    """Where nothing can be quoted on its own, the beginning stands for the passage."""
    assert telling(Hit(a_chunk(TEXT, units=()), 1.0), Query("lunch", None)) == TEXT


@pytest.mark.parametrize("text", ["soup " * 100, "x" * 500, "a" * LONGEST + " b", "  short  "])
def test_a_beginning_is_short_and_exact(text: str) -> None:
    """A quote is part of the text as it stands, of bounded length, and never nothing."""
    quote = beginning(text)
    assert quote in text
    assert 0 < len(quote) <= LONGEST
    assert not quote.endswith(" ")
