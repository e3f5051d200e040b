"""Defines the tables of what readers do with papers, and of who did what; a file for each table."""
