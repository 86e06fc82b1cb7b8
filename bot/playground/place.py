"""Where the playground listens."""

from __future__ import annotations

import socket
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(slots=True)
class Place:
    """A port on loopback: 0 until one is taken."""

    port: int

    @property
    def url(self) -> str:
        """The address, with a slash at its end."""
        return f"http://{HOST}:{self.port}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a `Host` header may say."""
        return (f"{HOST}:{self.port}", f"localhost:{self.port}")

    def listen(self) -> socket.socket:
        """Take the port, or a free one; raises `OSError` when it is in use."""
        listening = socket.socket()
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, self.port))
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        return listening
