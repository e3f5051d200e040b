"""Keeps an installation's database running for years: upgrades, checks and backs it up."""
