"""A process that joins the embedded server, says where it is, and leaves when its input ends."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.adapters.redis.server import EmbeddedServer

if __name__ == "__main__":
    server = EmbeddedServer(Path(sys.argv[1]))
    sys.stdout.write(server.join() + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.leave()
