"""Defines the tables of joining, changing and leaving; a file for each table."""
