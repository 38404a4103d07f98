"""Surfaces -> legacy calls."""
