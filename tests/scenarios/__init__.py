"""Stories through the whole bot."""
