"""Defines the tables of the search index; a file for each table."""
