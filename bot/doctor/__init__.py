"""Looks at an installation and says what is wrong with it, each time with the exact thing to do."""
