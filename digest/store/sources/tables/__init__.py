"""Defines the tables of sources: what to fetch, host locks, missing days; a file for each table."""
