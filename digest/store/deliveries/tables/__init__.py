"""Defines the tables of issues, of the ledger and of domain limits; a file for each table."""
