"""Looks proposed papers up, and brings proposals from state to state."""
