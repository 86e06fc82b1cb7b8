"""What a run over some paths means for the known sources: nothing twice, and nobody is let in unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadRequest
from bot.models import EVERYONE, Principal
from indexing.sources import NAME, Part, plan, read_sources, write_sources

ALL = (EVERYONE,)
HR = (Principal("group", "hr"),)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with a folder in it, and a file in that."""
    root = (tmp_path / "docs").resolve()
    (root / "hr").mkdir(parents=True)
    (root / "hr" / "pay.md").write_text("# Pay")
    return root


def test_a_new_folder_is_for_everyone_unless_said_otherwise(docs: Path) -> None:
    """Without readers a new source is for everyone; with readers for those."""
    assert plan([docs], {}, readable_by=None).parts == (Part(docs, ALL),)
    assert plan([docs], {}, readable_by=HR).parts == (Part(docs, HR),)


def test_a_known_folder_keeps_its_readers(docs: Path) -> None:
    """To index again without saying who reads opens nothing."""
    assert plan([docs], {docs: HR}, readable_by=None).parts == (Part(docs, HR),)
    assert plan([docs], {docs: HR}, readable_by=ALL).parts == (Part(docs, ALL),)


def test_readers_are_a_set(docs: Path) -> None:
    """In whatever order, and however often, readers are named, they are the same."""
    both = (*HR, *ALL)
    assert plan([docs / "hr"], {docs: tuple(sorted(both))}, readable_by=(*both, *HR)).parts[0].root == docs


def test_paths_within_each_other_are_one(docs: Path) -> None:
    """A folder, itself again, a link to it and a file in it are visited once."""
    link = docs.parent / "link"
    link.symlink_to(docs)
    assert plan([docs / "hr", docs, link, docs / "hr" / "pay.md"], {}, readable_by=None).parts == (Part(docs, ALL),)


def test_a_part_of_a_source_is_brought_up_to_date_within_it(docs: Path) -> None:
    """With the same readers no second source arises."""
    planned = plan([docs / "hr" / "pay.md"], {docs: ALL}, readable_by=None)
    assert planned.parts == (Part(docs, ALL, within="hr/pay.md"),)
    assert planned.sources == {docs: ALL}
    assert planned.carved == ()


def test_a_part_with_other_readers_leaves_its_source(docs: Path) -> None:
    """It is taken out of the outer source first, becomes its own, and the outer one passes it over from then on."""
    planned = plan([docs / "hr"], {docs: ALL}, readable_by=HR)
    assert planned.parts == (Part(docs / "hr", HR),)
    assert planned.carved == ((docs, "hr"),)
    assert planned.sources == {docs: ALL, docs / "hr": HR}


def test_what_was_carved_out_is_carved_out_again(docs: Path) -> None:
    """A run that was killed before the outer source let go is made good by the next one."""
    assert plan([docs / "hr"], {docs: ALL, docs / "hr": HR}, readable_by=None).carved == ((docs, "hr"),)


def test_an_outer_folder_does_not_open_an_inner_one(docs: Path) -> None:
    """A source inside with other readers stays its own, keeps its readers, and is brought up to date too."""
    planned = plan([docs], {docs / "hr": HR}, readable_by=None)
    assert planned.parts == (Part(docs, ALL, apart=("hr",)), Part(docs / "hr", HR, asked=False))
    assert planned.absorbed == ()


def test_an_outer_folder_takes_in_an_inner_one_with_the_same_readers(docs: Path) -> None:
    """Then the inner source goes, after the outer one has its documents."""
    planned = plan([docs], {docs / "hr": ALL}, readable_by=None)
    assert planned.parts == (Part(docs, ALL),)
    assert planned.absorbed == (docs / "hr",)
    assert planned.sources == {docs: ALL}


def test_a_path_that_is_not_there_is_refused(docs: Path) -> None:
    """The message names it."""
    with pytest.raises(BadRequest, match="nowhere"):
        plan([docs / "nowhere"], {}, readable_by=None)


def test_the_list_of_sources_survives(tmp_path: Path, docs: Path) -> None:
    """What was written is read, odd names included; nothing written is an empty list."""
    assert read_sources(tmp_path) == {}
    sources = {docs: (*ALL, *HR), Path("/odd\udcff\nname"): (Principal("user", "U1"),)}
    write_sources(tmp_path, sources)
    assert read_sources(tmp_path) == sources


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"sources": {"/x": {"readable_by": ["nobody"]}}}', '{"sources": 3}']
)
def test_a_damaged_list_is_not_guessed_at(tmp_path: Path, damage: str) -> None:
    """Who may read cannot be made up: the run stops and says which file is damaged."""
    (tmp_path / NAME).write_text(damage)
    with pytest.raises(BadRequest, match=NAME):
        read_sources(tmp_path)
