"""Legacy calls -> edits."""
