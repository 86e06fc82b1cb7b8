"""Weaviate: the index of a company, on one server or several, one tenant for each workspace."""

import warnings

# A library that the client brings warns of another one as it is imported, and has Python show that to everybody.
with warnings.catch_warnings(record=True):
    import weaviate as weaviate
