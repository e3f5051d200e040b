<<<<<<< HEAD
"""How a proposed paper is looked up, and the states that it goes through."""

SOURCE = "proposals"  # the source that carries papers which readers proposed
=======
"""Looks proposed papers up, and brings proposals from state to state."""
>>>>>>> main
