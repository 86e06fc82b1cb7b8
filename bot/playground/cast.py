"""Who lives in the playground: people, channels, user groups, and the bot itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

PersonKind = Literal["member", "admin", "owner", "guest", "single_channel_guest", "stranger", "deactivated", "bot"]
RoomKind = Literal["channel", "private", "im"]
Sharing = Literal["", "external", "organisation", "pending"]

Shortcut: TypeAlias = tuple[Literal["message", "global"], str]
"""Where it is offered, and its `callback_id`."""

BOT = "bot"
"""How channels and tests call the bot, whatever its handle is."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `name` is the handle that tests and the page use, `id` is Slack's."""

    name: str
    real_name: str
    id: str
    email: str = ""
    title: str = ""
    kind: PersonKind = "member"

    @property
    def is_guest(self) -> bool:
        """Whether this person is a guest of any sort."""
        return self.kind in ("guest", "single_channel_guest")

    @property
    def is_admin(self) -> bool:
        """Whether this person runs the workspace; an owner does too."""
        return self.kind in ("admin", "owner")


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation. `members` are names of people, `bot` for the bot; `sharing` says who else is let in."""

    name: str
    id: str
    members: tuple[str, ...]
    kind: RoomKind = "channel"
    topic: str = ""
    sharing: Sharing = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Usergroup:
    """A user group, `members` by name."""

    handle: str
    name: str
    id: str
    members: tuple[str, ...]
    disabled: bool = False


ANA = Person("ana", "Ana Ribeiro", "U07ANARBRO1", "ana@playground.example", "People operations")
BEN = Person("ben", "Ben Okafor", "U07BENOKFR2", "ben@playground.example", "Engineering")
GUS = Person("gus", "Gus Lind", "U07GUSLIND3", "gus@elsewhere.example", "Contractor", "single_channel_guest")
ADA = Person("ada", "Ada Moreau", "U07ADAMORO4", "ada@playground.example", "IT, runs this workspace", "admin")
FOOTNOTE = Person("footnote", "Footnote", "U07FOOTNOTE", kind="bot")

SLACKBOT = Person("slackbot", "Slackbot", "USLACKBOT", kind="bot")
DEPLOYS = Person("deploys", "Deploys", "U07DEPLOYS5", kind="bot")
ROBOTS = (SLACKBOT, DEPLOYS)
"""Who else writes and is nobody: Slack itself, and the bot of another app."""
OTHER_APP, OTHER_BOT = "A07DEPLOYS5", "B07DEPLOYS5"

PEOPLE = (ANA, BEN, GUS, ADA)
CHANNELS = (
    Channel("general", "C07GENERAL1", ("ana", "ben", BOT), topic="Members only"),
    Channel("project-x", "C07PROJECTX", ("ana", "ben", "gus", BOT), topic="With Gus, a guest"),
    Channel("people-ops", "C07PEOPLEOP", ("ana", BOT), kind="private", topic="Private"),
    Channel("it-help", "C07ITHELP01", ("ada", "ana", "ben", BOT), topic="Ask about laptops"),
)
USERGROUPS = (Usergroup("people-ops", "People Ops", "S07PEOPLEOP", ("ana",)),)

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
EVENTS = (
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
)
COMMANDS = ("/ask", "/search")
SHORTCUTS: tuple[Shortcut, ...] = (("message", "answer_this"), ("message", "summarise_thread"))


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything that exists when the playground opens; each person also gets a direct message with the bot."""

    people: Sequence[Person] = PEOPLE
    channels: Sequence[Channel] = CHANNELS
    usergroups: Sequence[Usergroup] = USERGROUPS
    bot: Person = FOOTNOTE
    team_id: str = "T07PLAYGRND"
    team_name: str = "Playground"
    app_id: str = "A07FOOTNOTE"
    bot_id: str = "B07FOOTNOTE"
    scopes: Sequence[str] = SCOPES
    events: Sequence[str] = EVENTS
    commands: Sequence[str] = COMMANDS
    shortcuts: Sequence[Shortcut] = SHORTCUTS
    everyone: tuple[Person, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "everyone", (*self.people, self.bot))

    def direct_messages(self) -> tuple[Channel, ...]:
        """One direct message with the bot per person, called `dm-NAME`."""
        talkers = [person for person in self.people if person.kind not in ("deactivated", "bot")]
        return tuple(Channel(f"dm-{p.name}", f"D{p.id[1:]}", (p.name, BOT), kind="im") for p in talkers)
