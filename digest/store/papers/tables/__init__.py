"""Defines the tables of papers, their ids, entries, signals and merges; a file for each table."""
