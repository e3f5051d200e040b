"""The JSON API under /api/v1, and the page that says how it is called."""
