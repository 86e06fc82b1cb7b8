"""Which function answers which Web API method."""

from __future__ import annotations

from collections.abc import Callable

from bot.playground.agent import Agent
from bot.playground.chat import Chat
from bot.playground.place import Place
from bot.playground.reading import Reading
from bot.playground.rooms import Rooms
from bot.playground.shapes import Shapes
from bot.playground.streams import Streams
from bot.playground.surfaces import Surfaces
from bot.playground.triggers import Triggers
from bot.playground.web_api import Handler


def answers(
    rooms: Rooms,
    shapes: Shapes,
    triggers: Triggers,
    *,
    place: Place,
    socket_url: Callable[[], str],
) -> dict[str, Handler]:
    """Every method that the playground knows."""
    workspace = shapes.workspace
    chat = Chat(workspace, rooms, shapes, place)
    streams = Streams(workspace, rooms, shapes, {})
    surfaces, agent = Surfaces(workspace, triggers), Agent(workspace, rooms)
    return {
        **_reading(Reading(workspace, rooms, shapes, place)),
        "apps.connections.open": lambda _: {"url": socket_url()},
        "chat.postMessage": chat.post,
        "chat.postEphemeral": chat.post_ephemeral,
        "chat.update": chat.update,
        "chat.delete": chat.delete,
        "chat.getPermalink": chat.permalink,
        "chat.startStream": streams.start,
        "chat.appendStream": streams.append,
        "chat.stopStream": streams.stop,
        "reactions.add": chat.react,
        "reactions.remove": chat.unreact,
        **_surfaces(surfaces, agent),
    }


def _reading(reading: Reading) -> dict[str, Handler]:
    return {
        "api.test": reading.api_test,
        "auth.test": reading.auth_test,
        "conversations.replies": reading.replies,
        "conversations.history": reading.history,
        "conversations.info": reading.info,
        "conversations.members": reading.members,
        "conversations.list": reading.conversations,
        "conversations.open": reading.open,
        "users.info": reading.user,
        "users.list": reading.users,
        "users.lookupByEmail": reading.lookup,
        "users.conversations": reading.conversations_of,
        "usergroups.list": reading.usergroups,
        "usergroups.users.list": reading.usergroup_members,
    }


def _surfaces(surfaces: Surfaces, agent: Agent) -> dict[str, Handler]:
    return {
        "views.open": surfaces.open_view,
        "views.push": surfaces.push_view,
        "views.update": surfaces.update_view,
        "views.publish": surfaces.publish,
        "assistant.threads.setStatus": agent.set_status,
        "assistant.threads.setTitle": agent.set_title,
        "assistant.threads.setSuggestedPrompts": agent.suggest,
        "agents.sessions.setStatus": agent.set_session_status,
        "agents.sessions.rename": agent.rename_session,
    }
