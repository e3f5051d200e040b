"""The pages: landing, catalog, preferences, and those behind a link of an email."""
