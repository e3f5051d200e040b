"""Chooses papers: the candidates of a moment, who gets which of them, and why."""
