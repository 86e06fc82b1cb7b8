"""What the documents of the kill test say, and who asks for it: an answer shows whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BIRDS = """
Avocet Bittern Bunting Buzzard Chough Cormorant Crake Curlew Dipper Dunlin Eider Falcon Fieldfare Gannet
Garganey Godwit Goshawk Grebe Harrier Hobby Jackdaw Kestrel Kingfisher Kite Lapwing Linnet Mallard Merlin
Nightjar Nuthatch Osprey Ouzel Petrel Pintail Pipit Plover Pochard Ptarmigan Puffin Redstart
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know: how many chairs a room has."""

    bird: str
    chairs: int

    @property
    def question(self) -> str:
        """How it is asked for."""
        return f"How many chairs does the {self.bird} room have?"

    @property
    def document(self) -> str:
        """Where it stands."""
        return f"# The {self.bird} room\n\nThe {self.bird} room has {self.chairs} chairs.\n"

    def told_in(self, text: str) -> bool:
        """Whether a text tells it."""
        return str(self.chairs) in text


FACTS = tuple(Fact(bird, 1_000 + 37 * n) for n, bird in enumerate(BIRDS.split()))


def write(folder: Path) -> Path:
    """The documents, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for fact in FACTS:
        (folder / f"{fact.bird.lower()}.md").write_text(fact.document, encoding="utf-8")
    return folder
