"""What is written from the code into README.md, .env.example and manifest.json.

`python -m tests.architecture.generated` writes it.
"""

from __future__ import annotations

import json
import re

from bot.settings import VARIABLES, Variable
from handlers.manifest import manifest
from tests.architecture.sources import ROOT

README = ROOT / "README.md"
EXAMPLE = ROOT / ".env.example"
MANIFEST = ROOT / "manifest.json"


def settings_table() -> str:
    """The settings as a Markdown table."""
    rows = [f"| `{variable.name}` | {variable.default or '-'} | {variable.purpose} |" for variable in VARIABLES]
    return "\n".join(["| variable | default | what it is for |", "|---|---|---|", *rows])


def environment_example() -> str:
    """Every setting commented out, with its default, as a file to copy."""
    opening = "# Copy to .env and uncomment what you need. Real environment variables win over this file."
    return "\n\n".join([opening, *map(_example, VARIABLES)]) + "\n"


def _example(variable: Variable) -> str:
    default = f" (default: {variable.default})" if variable.default else ""
    return f"# {variable.purpose[0].upper()}{variable.purpose[1:]}{default}.\n#{variable.name}="


def block(name: str, text: str) -> str:
    """What stands in `text` between `<!-- name -->` and `<!-- /name -->`."""
    match = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", text, re.DOTALL)
    if not match:
        raise ValueError(f"no block {name}")
    return match[1]


def main() -> None:
    """Write the files anew."""
    readme = README.read_text(encoding="utf-8")
    fresh = f"<!-- settings -->\n{settings_table()}\n<!-- /settings -->"
    readme = re.sub(r"<!-- settings -->.*?<!-- /settings -->", lambda _: fresh, readme, flags=re.DOTALL)
    README.write_text(readme, encoding="utf-8")
    EXAMPLE.write_text(environment_example(), encoding="utf-8")
    MANIFEST.write_text(json.dumps(manifest(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
