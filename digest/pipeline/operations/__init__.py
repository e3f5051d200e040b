"""What keeps an installation running for years: its database, brought up to date and looked at."""
