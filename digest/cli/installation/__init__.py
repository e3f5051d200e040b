"""Holds commands about the installation: settings, database, health, and the processes that run it."""
