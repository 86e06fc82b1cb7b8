"""The laptop default: everything a first answer needs, without an account or a network."""
