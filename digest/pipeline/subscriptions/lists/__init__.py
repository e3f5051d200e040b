"""Lists of subscribers as tables: ours in and out, and the exports of other mailing lists."""
