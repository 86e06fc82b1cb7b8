"""The contracts on real accounts: `make live`, and only where a key is set. Never part of `make test`."""
