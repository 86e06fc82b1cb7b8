"""Slack app assembly: one AsyncApp with every listener, and the HTTP way to it; handlers/sockets.py is the other."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SpoolUnavailable
from bot.ports.memory import Memory
from bot.ports.spool import Spool
from bot.ports.watch import Watch
from bot.together import beside
from handlers import listeners
from handlers.buttons import Seal
from handlers.calls import Calls, client_over, quiet_logger
from handlers.door import LARGEST_BODY, Door, quiet_http_logger
from handlers.draining import Drainer
from handlers.intake import Intake, Line
from handlers.meanwhile import Meanwhile
from handlers.tokens import Identity


def build_app(
    *,
    client: AsyncWebClient,
    identity: Identity,
    ports: Memory,
    now: Callable[[], datetime],
    signing_secret: str | None = None,
    call: Calls | None = None,
) -> AsyncApp:
    """The app with every listener, for either transport; `signing_secret` is needed for HTTP, `call` where others call.

    An envelope is acknowledged after its listener has run: acknowledged means queued. No call of Slack's API stands
    before that but the one that opens a modal, or tells one person why their click did nothing. (Bolt's own
    authorization calls auth.test, and acknowledges what that call could not check.)
    """
    token = client.token or ""
    app = AsyncApp(
        name="footnote",
        client=client_over(client.session, bot_token=None, api_url=client.base_url),
        authorize=_authorized(identity, token),
        signing_secret=signing_secret or "",
        process_before_response=True,
        logger=quiet_logger(),
    )
    for listener in listeners(ports, call=call or Calls(client), seal=Seal.of(token), now=now):
        listener.register(app)
    return app


def _authorized(identity: Identity, token: str) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Who the app is in every envelope: what was found out at start."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.workspace,
            bot_user_id=identity.bot_user,
            bot_id=identity.bot_id,
            bot_token=token,
        )

    return authorize


@asynccontextmanager
async def run_intake(
    app: AsyncApp,
    *,
    patient: AsyncApp,
    spool: Spool,
    meanwhile: Meanwhile,
    ready: Callable[[], Awaitable[None]],
    trusted: bool,
    watch: Watch,
) -> AsyncGenerator[Intake]:
    """Envelopes go to the listeners or to the disk while the block runs, and from the disk to the listeners.

    `patient` has the same listeners over a memory that may take its time over what comes from the disk. `ready` is
    asked before anything is moved on, and until then, unless `trusted`, everything goes to the disk. See `Drainer`.
    What waits at the end stays there.
    """
    intake = Intake(app, spool, patient, meanwhile, watch, Line(trusted=trusted))
    with suppress(SpoolUnavailable):  # then whoever comes first stands behind those that may be there
        intake.line.seen(await spool.count())
    try:
        async with beside(Drainer(intake, spool, ready).run()):
            yield intake
    finally:
        await meanwhile.aclose()


@asynccontextmanager
async def run_http(
    intake: Intake, *, signing_secret: str, host: str, port: int, path: str = "/slack/events"
) -> AsyncGenerator[str]:
    """Listening for Slack at `path` while the block runs; gives the base URL (port 0 takes a free port).

    GET /health answers 200 as long as requests are taken.
    """
    site = web.Application(client_max_size=LARGEST_BODY)
    site.add_routes(
        [web.post(path, Door(intake, SignatureVerifier(signing_secret)).receive), web.get("/health", _health)]
    )
    runner = web.AppRunner(site, access_log=None, logger=quiet_http_logger())
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _health(_: web.Request) -> web.Response:
    return web.Response(text="ok")
