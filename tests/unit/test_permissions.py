"""Who holds what, and what may be said where: every kind of account in every kind of place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import EVERYONE, Audience, Principal
from bot.permissions import CLOSE_LOOK, NOBODY, Channel, Person, audience, holds, is_member

HOME = "T0ACME"
HR = Principal("group", "hr")
SAL = Principal("user", "U0SAL")

ANA = Person("U0ANA", frozenset({HOME}), groups=frozenset({"hr"}))
SAL_AS = {
    "member": Person("U0SAL", frozenset({HOME}), groups=frozenset({"hr"})),
    "guest": Person("U0SAL", frozenset({HOME}), guest=True, groups=frozenset({"hr"})),
    "stranger": Person("U0SAL", frozenset({HOME}), stranger=True, groups=frozenset({"hr"})),
    "of another workspace": Person("U0SAL", frozenset({"T0OTHER"}), groups=frozenset({"hr"})),
    "deactivated": Person("U0SAL", frozenset({HOME}), deactivated=True, groups=frozenset({"hr"})),
    "bot": Person("U0SAL", frozenset({HOME}), bot=True, groups=frozenset({"hr"})),
}
PLACES = {
    "direct": Channel("direct"),
    "group": Channel("group"),
    "private": Channel("private"),
    "public": Channel("public"),
    "shared": Channel("private", shared=True),
}

NOTHING: frozenset[str] = frozenset()
ONLY_EVERYONE = frozenset({"everyone"})
BOTH = frozenset({"everyone", "hr"})
# Ana (a member, in the group hr) and Sal are in one place, "direct" is Sal alone. Which documents may be used there?
# Each document is readable by the principal of its name: everyone, the group hr, or Sal.
MAY_BE_USED = {
    ("member", "direct"): BOTH | {"sal"},
    ("member", "group"): BOTH,
    ("member", "private"): BOTH,
    ("member", "public"): ONLY_EVERYONE,
    ("guest", "direct"): frozenset({"hr", "sal"}),
    ("guest", "group"): frozenset({"hr"}),
    ("guest", "private"): frozenset({"hr"}),
    ("guest", "public"): NOTHING,
    ("stranger", "direct"): NOTHING,
    ("stranger", "group"): NOTHING,
    ("stranger", "private"): NOTHING,
    ("stranger", "public"): NOTHING,
    ("of another workspace", "direct"): NOTHING,
    ("of another workspace", "group"): NOTHING,
    ("of another workspace", "private"): NOTHING,
    ("of another workspace", "public"): NOTHING,
    ("deactivated", "direct"): NOTHING,
    ("deactivated", "group"): BOTH,
    ("deactivated", "private"): BOTH,
    ("deactivated", "public"): ONLY_EVERYONE,
    ("bot", "direct"): frozenset({"everyone", "sal"}),
    ("bot", "group"): ONLY_EVERYONE,
    ("bot", "private"): ONLY_EVERYONE,
    ("bot", "public"): ONLY_EVERYONE,
    **{(kind, "shared"): NOTHING for kind in SAL_AS},
}


def usable(seen_by: Audience) -> frozenset[str]:
    documents = {"everyone": EVERYONE, "hr": HR, "sal": SAL}
    return frozenset(name for name, principal in documents.items() if seen_by.may_read([principal]))


@pytest.mark.parametrize(("kind", "place"), list(MAY_BE_USED))
def test_a_place_gets_what_all_its_readers_may_read(kind: str, place: str) -> None:
    """Six kinds of account in five kinds of place: each cell says which documents may be used there."""
    readers = [SAL_AS[kind]] if place == "direct" else [ANA, SAL_AS[kind]]
    assert usable(audience(PLACES[place], readers, workspace=HOME)) == MAY_BE_USED[kind, place]


def test_every_cell_is_filled() -> None:
    """The matrix leaves out no kind of account and no kind of place."""
    assert set(MAY_BE_USED) == {(kind, place) for kind in SAL_AS for place in PLACES}


@pytest.mark.parametrize("kind", list(SAL_AS))
def test_only_members_may_ask(kind: str) -> None:
    """Guests, strangers, people of other workspaces, deactivated accounts and bots are not answered."""
    assert is_member(SAL_AS[kind], workspace=HOME) == (kind == "member")


def test_a_reader_nothing_is_known_of_holds_nothing() -> None:
    """Somebody who could not be looked up closes the channel, whoever else is there."""
    assert usable(audience(Channel("private"), [ANA, None], workspace=HOME)) == NOTHING


def test_no_readers_at_all_is_nobody() -> None:
    """An empty list of members is a failure to find out, not a channel in which everything may be said."""
    assert audience(Channel("private"), [], workspace=HOME) == NOBODY
    assert usable(NOBODY) == NOTHING


def crowd(size: int) -> list[Person | None]:
    return [replace(ANA, id=f"U0{n}") for n in range(size)]


def test_a_crowd_gets_what_is_for_everyone() -> None:
    """Past fifty members a group's documents are not used, though every member is in the group."""
    assert usable(audience(Channel("private"), crowd(CLOSE_LOOK), workspace=HOME)) == BOTH
    assert usable(audience(Channel("private"), crowd(CLOSE_LOOK + 1), workspace=HOME)) == ONLY_EVERYONE


@pytest.mark.parametrize("kind", ["guest", "stranger", "of another workspace"])
def test_one_outsider_in_a_crowd_closes_it(kind: str) -> None:
    """A guest among thousands is a reader too."""
    assert usable(audience(Channel("public"), [*crowd(2_000), SAL_AS[kind]], workspace=HOME)) == NOTHING


def test_a_guest_in_a_crowd_does_not_bring_a_group_document() -> None:
    """A crowd of guests who all are in a group still gets nothing: groups are not looked at there."""
    guests: list[Person | None] = [replace(SAL_AS["guest"], id=f"U0{n}") for n in range(CLOSE_LOOK + 1)]
    assert usable(audience(Channel("private"), guests, workspace=HOME)) == NOTHING


people = st.builds(
    Person,
    id=st.sampled_from(["U0ANA", "U0BEN", "U0SAL"]),
    workspaces=st.sets(st.sampled_from([HOME, "T0OTHER"])).map(frozenset),
    deactivated=st.booleans(),
    guest=st.booleans(),
    stranger=st.booleans(),
    bot=st.booleans(),
    groups=st.sets(st.sampled_from(["hr", "it"])).map(frozenset),
)


@given(
    st.lists(people, max_size=4), people, st.sampled_from(list(PLACES.values())), st.sampled_from([EVERYONE, HR, SAL])
)
def test_one_more_reader_never_opens_anything(
    present: list[Person | None], newcomer: Person, place: Channel, principal: Principal
) -> None:
    """Whatever may be used with a newcomer in the room could be used without, and the newcomer may read it."""
    with_newcomer = audience(place, [*present, newcomer], workspace=HOME)
    if with_newcomer.may_read([principal]) and not newcomer.deactivated:
        assert principal in holds(newcomer, workspace=HOME)
        readers = [reader for reader in present if reader and not reader.deactivated]
        assert not readers or audience(place, present, workspace=HOME).may_read([principal])
