"""Defines the tables of alarms and of failures; a file for each table."""
