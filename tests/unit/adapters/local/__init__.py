"""What the laptop default promises beyond its ports."""
