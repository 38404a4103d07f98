"""The state of a migration for people who plan it: one model, and a renderer a format."""
