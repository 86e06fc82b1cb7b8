"""The audience rule as far as it is a value: who may read what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import EVERYONE, Audience, Principal

PRINCIPALS = [EVERYONE, Principal("group", "hr"), Principal("group", "eng"), Principal("user", "U1")]
readers = st.lists(st.sets(st.sampled_from(PRINCIPALS)), max_size=4)
lists = st.sets(st.sampled_from(PRINCIPALS))


@pytest.mark.parametrize("text", ["everyone", "group:hr", "user:U1", "group:a:b"])
def test_a_principal_reads_what_it_writes(text: str) -> None:
    """The spelling of a principal survives a round trip."""
    assert str(Principal.parse(text)) == text


@pytest.mark.parametrize("text", ["", "all", "group:", "user", "everyone:x", "guest:U1"])
def test_an_unknown_principal_is_refused(text: str) -> None:
    """A misspelt principal is an error, never a wider one."""
    with pytest.raises(ValueError, match="write everyone, group:NAME or user:ID"):
        Principal.parse(text)


@given(readers, lists)
def test_every_reader_must_hold_a_principal_of_the_list(
    holders: list[set[Principal]], readable_by: set[Principal]
) -> None:
    """A passage is for an audience exactly when each of its readers may read it, and never for nobody."""
    expected = bool(holders) and all(any(p in readable_by for p in holder) for holder in holders)
    assert Audience.of(*holders).may_read(readable_by) == expected


@given(readers, st.sets(st.sampled_from(PRINCIPALS)), lists)
def test_one_more_reader_never_opens_a_document(
    holders: list[set[Principal]], newcomer: set[Principal], readable_by: set[Principal]
) -> None:
    """Adding a reader to an audience can only hide documents."""
    if holders and Audience.of(*holders, newcomer).may_read(readable_by):
        assert Audience.of(*holders).may_read(readable_by)
