"""Small files that are replaced as a whole: after a crash there is the old one or the new one."""

import os
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace the file; it is on the disk when this returns."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
