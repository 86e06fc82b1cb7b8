"""What becomes of an envelope, over whichever transport it came: its listeners run before it is acknowledged."""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse


@dataclass(frozen=True, slots=True)
class Intake:
    """The one way from a transport to the listeners of the app."""

    app: AsyncApp

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """What Slack is to be told: 200 for what is stored or needs no work, anything else is no acknowledgement."""
        return await self.app.async_dispatch(request)
