"""Numbers with their nouns."""


def counted(count: int, noun: str) -> str:
    """So many of them: 1 document, 1,204 documents."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
