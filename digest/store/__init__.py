"""The only place with SQL. Functions take an open Session first, give and take values of `digest.domain`.

No row object leaves this package, nothing here calls a clock or a stage. Reads and writes are set-wise: the
number of statements follows the number of chunks, not of rows.
"""
