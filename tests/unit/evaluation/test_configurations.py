"""A configuration is read as it lies on disk, and what cannot be meant is refused with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.evaluation.configurations import Configuration, mark, read_all

KNOWN = ("FOOTNOTE_GENERATOR", "COHERE_API_KEY", "COHERE_EMBED_DIMENSION", "FOOTNOTE_DECLINE_BELOW")


def written(folder: Path, text: str, *, name: str = "a.toml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_keys_are_variables(tmp_path: Path) -> None:
    """Text and numbers become what stands in an environment; an empty text stays, for it takes a variable away."""
    text = 'FOOTNOTE_GENERATOR = "quotes"\nCOHERE_API_KEY = ""\n'
    path = written(tmp_path, f"{text}COHERE_EMBED_DIMENSION = 512\nFOOTNOTE_DECLINE_BELOW = 0.3")
    assert read_all([path], known=KNOWN) == (
        Configuration(
            path,
            "a",
            {
                "FOOTNOTE_GENERATOR": "quotes",
                "COHERE_API_KEY": "",
                "COHERE_EMBED_DIMENSION": "512",
                "FOOTNOTE_DECLINE_BELOW": "0.3",
            },
        ),
    )


def test_a_name_is_the_files_or_its_own(tmp_path: Path) -> None:
    """Without a name the report calls it as the file is called; an empty file is the environment as it is."""
    plain, named = written(tmp_path, ""), written(tmp_path, 'name = "command a"', name="b.toml")
    assert [configuration.name for configuration in read_all([plain, named], known=KNOWN)] == ["a", "command a"]
    assert mark("command a/2") == "command-a-2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('FOOTNOTE_GENRATOR = "quotes"', r"a\.toml: FOOTNOTE_GENRATOR .* did you mean FOOTNOTE_GENERATOR\?"),
        ('SLACK_BOT_TOKEN = "xoxb-1"', r"a\.toml: SLACK_BOT_TOKEN is no setting that answers depend on$"),
        ("FOOTNOTE_GENERATOR = true", r"a\.toml: FOOTNOTE_GENERATOR must be text or a number"),
        ('FOOTNOTE_GENERATOR = ["quotes"]', r"a\.toml: FOOTNOTE_GENERATOR must be text or a number"),
        ('[COHERE_API_KEY]\nx = "y"', r"a\.toml: COHERE_API_KEY must be text or a number"),
        ("name = 3", r"a\.toml: name is no line of text"),
        ('name = " "', r"a\.toml: name is no line of text"),
        ("FOOTNOTE_GENERATOR: quotes", r"a\.toml is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """An unknown key, a wrong type or a broken line is refused, with the file and what to do; no value is shown."""
    with pytest.raises(BadRequest, match=said) as refused:
        read_all([written(tmp_path, text)], known=KNOWN)
    assert "xoxb" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """One that is not there, and one that is not text."""
    with pytest.raises(BadRequest, match=r"cannot read .*nowhere\.toml"):
        read_all([tmp_path / "nowhere.toml"], known=KNOWN)
    path = tmp_path / "a.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(BadRequest, match=r"a\.toml is not UTF-8"):
        read_all([path], known=KNOWN)


def test_two_columns_have_two_names(tmp_path: Path) -> None:
    """Files that the report, or the files of saved runs, could not tell apart are refused."""
    first, second = written(tmp_path, ""), written(tmp_path, "", name="b/a.toml")
    with pytest.raises(BadRequest, match="2 configurations are called a; write name"):
        read_all([first, second], known=KNOWN)
    read_all([first, written(tmp_path, 'name = "b"', name="b/a.toml")], known=KNOWN)
    with pytest.raises(BadRequest, match="called a-b"):
        read_all([written(tmp_path, 'name = "a b"'), written(tmp_path, 'name = "A-B"', name="b.toml")], known=KNOWN)
