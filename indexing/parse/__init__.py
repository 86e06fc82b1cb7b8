"""From the bytes of one kind of file to plain text with its structure."""
