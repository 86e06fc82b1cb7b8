"""A Slack on loopback: the double that tests run against, and the surface that `make demo` opens.

It speaks Slack's wire (Web API, Socket Mode, signed HTTP events), is strict where Slack is strict, and serves one page
on which a person reads and writes as any of four people. It imports none of our packages: a double must not share
our misunderstandings.
"""

from bot.playground.cast import BOT, Channel, Person, Usergroup
from bot.playground.invocations import Acked
from bot.playground.messages import Message
from bot.playground.nodes import Node, links, plain
from bot.playground.playground import Playground

__all__ = ["BOT", "Acked", "Channel", "Message", "Node", "Person", "Playground", "Usergroup", "links", "plain"]
