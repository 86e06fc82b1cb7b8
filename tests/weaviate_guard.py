"""Runs a command for as long as anybody holds a lock, then kills it: however they ended, and even were it stopped.

    python weaviate_guard.py LOCK COMMAND…

It prints the command's process id, and ends with it. Killed because nobody held the lock, the command leaves nothing:
the folder `data` beside the lock goes too. While the lock's file has text in it, the command runs.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path


def main(lock: Path, command: list[str]) -> int:
    """The command's exit status."""
    unused = threading.Event()
    child = subprocess.Popen(command, stdout=sys.stderr)
    print(child.pid, flush=True)  # noqa: T201  (the tests wait for it)
    threading.Thread(target=_kill_when_free, args=(lock, child, unused), daemon=True).start()
    status = child.wait()
    os.truncate(lock, 0)
    if unused.is_set():
        shutil.rmtree(lock.with_name("data"), ignore_errors=True)
    return status


def _kill_when_free(lock: Path, child: subprocess.Popen[bytes], unused: threading.Event) -> None:
    descriptor = os.open(lock, os.O_RDWR)  # never closed: who comes now waits until all of this is over
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    unused.set()
    child.kill()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
