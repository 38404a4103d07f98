"""Legacy calls and values -> findings."""
