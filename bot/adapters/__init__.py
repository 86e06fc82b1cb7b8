"""The ports implemented: one folder per vendor, one file per port."""
