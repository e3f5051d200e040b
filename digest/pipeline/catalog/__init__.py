"""Selects what the site shows: today, a day, topics, a paper, a search."""
