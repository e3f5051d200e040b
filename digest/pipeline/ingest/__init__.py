"""Fetches sources and stores their papers."""
