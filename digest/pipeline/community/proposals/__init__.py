"""Looks proposed papers up, and brings proposals from state to state."""

SOURCE = "proposals"  # the source that carries papers which readers proposed
