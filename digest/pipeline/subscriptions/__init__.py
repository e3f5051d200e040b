"""Handles joining, changing and leaving, and the emails about it."""
