"""Bytes to text: every usual encoding, and a reason for what is not text."""

from __future__ import annotations

import codecs
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Unreadable
from indexing.parse.cleaning import visible
from indexing.parse.decoding import MOST_LINES, decoded

FRENCH = "Le café est réservé aux employés à midi, et « fermé » l’après-midi.\nÀ bientôt."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_usual_encodings(encoding: str) -> None:
    """With a mark, without one, and in the old Western encoding, text is read as it was written."""
    assert decoded(FRENCH.encode(encoding)) == FRENCH.replace("\u00a0", " ")


def test_other_alphabets_are_told_by_their_looks() -> None:
    """Russian in an old encoding is recognised."""
    text = "Сотрудники могут взять отпуск в любое время года, если их руководитель согласен. " * 5
    assert decoded(text.encode("cp1251")) == text


def test_a_damaged_byte_does_not_change_the_rest() -> None:
    """UTF-8 with a broken byte stays UTF-8."""
    assert decoded("Übergröße für größere Füße: schöne Grüße".encode() + b"\xff ok").startswith("Übergröße für größere")


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", b"PK\3\4\0\0\0", bytes(range(256)) * 20, b"\0"])
def test_what_is_not_text_is_refused(data: bytes) -> None:
    """Pictures, archives and noise are not read, and the reason says so."""
    with pytest.raises(Unreadable, match="not text"):
        decoded(data)


def test_endless_lines_are_refused() -> None:
    """A file of nothing but line ends costs no memory."""
    with pytest.raises(Unreadable, match="lines"):
        decoded(b"\n" * (MOST_LINES + 1))


def test_line_ends_and_spaces_are_made_alike() -> None:
    """Whatever a line ends with, it ends once; every kind of space is one."""
    assert decoded("a\r\nb\rc\x0cd\u2028e\u00a0f\u2009g".encode()) == "a\nb\nc\nd\ne f g"


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_nothing_breaks_the_decoder(data: bytes) -> None:
    """Any bytes are text that can be stored and shown, or refused."""
    try:
        text = decoded(data)
    except Unreadable:
        return
    text.encode()
    assert visible(text) == text


def test_random_bytes_never_crash() -> None:
    """Noise is refused, or read as something that can be stored."""
    for size in (1, 2, 3, 50, 5000):
        try:
            decoded(codecs.BOM_UTF16_LE + os.urandom(size)).encode()
        except Unreadable:
            continue
