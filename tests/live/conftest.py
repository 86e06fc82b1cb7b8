"""The small handbook, as the contracts have it."""

from tests.contracts.conftest import library, reader

__all__ = ("library", "reader")
