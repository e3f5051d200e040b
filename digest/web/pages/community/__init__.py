"""Serves people who are signed in: signing in, votes, what is one's own, curating, running the site."""
