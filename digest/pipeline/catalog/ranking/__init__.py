"""Reads what ranks the results of a search beside its words: what papers mean, and their attention."""
