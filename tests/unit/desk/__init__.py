"""What people can do beside asking, and what each of them is told."""
