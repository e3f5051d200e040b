"""Lists of subscribers: as tables, ours in and out, and of other programs; and acts on many at once."""
