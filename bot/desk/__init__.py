"""What people can do beside asking: see why, share, bring in a person, doubt a source, look back, administer."""
