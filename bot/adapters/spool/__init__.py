"""The spool on this machine's disk: one SQLite file."""
