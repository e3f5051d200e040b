"""Builds one email of any kind: its links, its sender, its bytes; and suppresses addresses that bounce."""
