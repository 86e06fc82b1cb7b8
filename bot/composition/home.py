"""The home folder, and the time."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from bot.errors import BadRequest
from bot.settings import Settings


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def apart(settings: Settings, purpose: str, about: Path) -> Settings:
    """The same settings with a home of its own for one folder or file, so that no trial mixes with the real index."""
    name = sha256(str(about.expanduser().resolve()).encode()).hexdigest()[:12]
    return settings.model_copy(update={"home": settings.home / purpose / name})


def private(home: Path) -> Path:
    """The home folder, made when it is not there, for its owner alone. Raises `BadRequest` when it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
    except OSError as error:
        raise BadRequest(f"cannot use {home} as the home folder ({error.strerror}); name another with --home") from None
    return home
