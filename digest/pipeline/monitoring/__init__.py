"""Finds what is wrong, and tells the operator."""
