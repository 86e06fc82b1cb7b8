"""Cutting parsed documents into chunks, and chunks into what can be quoted by itself."""
