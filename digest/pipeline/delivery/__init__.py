"""Sends the digests of the ledger and records what became of each."""
