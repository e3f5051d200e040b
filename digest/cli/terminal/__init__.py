"""Holds what commands share at the terminal: options, prompts, tables, progress, exit codes."""
