"""The write side: from a source to the index."""
