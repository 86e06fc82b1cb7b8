"""Values as extreme as documents, people and settings make them, and what must hold of every view."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from bot.channels import ChannelSettings
from bot.models import Citation
from bot.playground import blocks as slack_blocks
from handlers.buttons import Seal
from handlers.views.blocks import LONGEST_FALLBACK, Block, Message
from tests.nouns import NOON

SEAL = Seal.of("xoxb-test")
LARGEST_VIEW = 250_000
LONGEST_METADATA, LONGEST_VALUE = 3_000, 2_000

HOSTILE = (
    "",
    " ",
    "\n",
    "<!channel> <@U07ANARBRO1> <https://evil.example|click>",
    "[click](https://evil.example) ![x](https://evil.example/x.png) https://evil.example",
    "*bold* _it_ ~no~ :bomb: `code` `open",
    "<" * 2_100,
    "&" * 700,
    "`" * 700,
    "`a` " * 200,
    '"\\\x01' * 700,
    "\u202e\u200b\U000e0041",
    "a" * 2_100,
    "ü字🙂" * 200,
)
texts = st.sampled_from(HOSTILE) | st.text(max_size=80)
people = st.sampled_from(["U07ANARBRO1", "W0ELSEWHERE", "U", "<!here>", "U07|x> <!channel", "", "ana"])
rooms = st.sampled_from(["C07GENERAL1", "G07PRIVATE", "D07ANARBRO1", "", "<!here>", "C1> <!channel"])
moments = st.sampled_from([NOON, NOON - timedelta(seconds=90), NOON - timedelta(days=4_000), NOON + timedelta(days=1)])
addresses = texts | st.sampled_from(["https://a.example/x?a=1&b=2", "https://a.example/" + "|" * 400])
counts = st.integers(0, 10**7)
citations = st.builds(
    Citation,
    n=st.integers(0, 99),
    chunk_id=st.just("c"),
    document_id=st.just("d"),
    revision=st.just("r"),
    path=texts,
    title=texts,
    heading=texts,
    heading_path=st.lists(texts, max_size=3).map(tuple),
    quote=texts,
    url=addresses,
    updated=st.none() | moments,
    owner=texts,
)
settings = st.builds(
    ChannelSettings,
    mode=st.sampled_from(["mention", "offer", "continue"]),
    auto_answer=st.booleans(),
    sources=st.lists(texts, max_size=5).map(tuple),
    tone=st.sampled_from(["full", "brief"]),
    humans=texts,
)


def several(items: st.SearchStrategy[Any], *, most: int = 30) -> st.SearchStrategy[tuple[Any, ...]]:
    """Few different ones, and now and then a great many of one."""
    return st.lists(items, max_size=3).map(tuple) | st.tuples(items, st.integers(0, most)).map(lambda x: (x[0],) * x[1])


_OURS = re.compile(r"<(?:@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!subteam\^S[A-Z0-9]+|https?://[^\s<>|]+\|[^<>]*)>")


def refuse_live(shown: Block) -> None:
    """Fail for markup that we did not build, in any text that Slack would parse."""
    for found in parsed(shown):
        rest = _OURS.sub("", found["text"])
        assert not set("<>") & set(rest), found["text"]
        assert "&" not in rest.replace("&lt;", "").replace("&gt;", "").replace("&amp;", ""), found["text"]
        assert found["verbatim"] is True
    for leaf in of_type(shown, "link"):
        assert leaf["url"].startswith(("https://", "http://"))
        assert not set(leaf["url"]) & set(" <>|\"'\n")
    assert not {leaf["type"] for kind in ("user", "usergroup", "broadcast") for leaf in of_type(shown, kind)}


def parsed(shown: Block) -> list[Block]:
    """Every text in Slack's markup."""
    return of_type(shown, "mrkdwn")


def of_type(shown: Any, kind: str) -> list[Block]:
    """Every object of a type."""
    return [node for node in _every(shown) if node.get("type") == kind]


def _every(shown: Any) -> Iterator[Block]:
    if isinstance(shown, dict):
        yield shown  # pyright: ignore[reportUnknownVariableType]  (JSON)
        for inner in shown.values():  # pyright: ignore[reportUnknownVariableType]  (JSON)
            yield from _every(inner)
    elif isinstance(shown, list | tuple):
        for inner in shown:  # pyright: ignore[reportUnknownVariableType]  (JSON)
            yield from _every(inner)


def refuse_view(view: Block) -> None:
    """Fail for a view that Slack refuses, or in which something lives that we did not build."""
    assert slack_blocks.check_view(view, view["type"]) == []
    assert len(json.dumps(view)) <= LARGEST_VIEW
    assert len(view.get("private_metadata", "")) <= LONGEST_METADATA
    refuse_live(view)


def refuse_message(message: Message) -> None:
    """Fail for a message that Slack refuses, or in which something lives that we did not build."""
    assert slack_blocks.check(list(message.blocks)) == []
    assert 0 < len(message.text) <= LONGEST_FALLBACK
    assert not set("<>") & set(message.text)
    refuse_live({"blocks": list(message.blocks)})
