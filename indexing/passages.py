"""Passages that somebody else has cut, as documents of one chunk: evaluation corpora in BEIR's layout."""

from bot.models import EVERYONE, Chunk, Document, Principal
from indexing.chunk.units import units_of_passage
from indexing.parse.cleaning import one_line, visible


def passage_document(
    identifier: str,
    title: str,
    text: str,
    *,
    source: str = "passages",
    readable_by: tuple[Principal, ...] = (EVERYONE,),
    revision: str = "1",
) -> Document:
    """One passage as a document. Its path is `identifier`, its id `source:identifier`, and it has exactly one chunk."""
    body, name = visible(text).strip(), one_line(title)
    document_id = f"{source}:{identifier}"
    chunk = Chunk(
        id=f"{document_id}#0",
        document_id=document_id,
        source=source,
        path=identifier,
        title=name,
        heading_path=(),
        text=body,
        position=0,
        lines=(1, body.count("\n") + 1),
        url="",
        updated=None,
        revision=revision,
        readable_by=readable_by,
        units=tuple(units_of_passage(body)),
    )
    return Document(
        id=document_id,
        source=source,
        path=identifier,
        title=name,
        url="",
        revision=revision,
        updated=None,
        readable_by=readable_by,
        chunks=(chunk,),
    )
