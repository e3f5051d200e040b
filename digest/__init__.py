"""Digest: a community's daily papers, by mail.

The path of a paper, and the file of each step:

    source ─▶ fetch ─▶ parse ─▶ store ─▶ trend ─▶ match ─▶ compose ─▶ render ─▶ deliver
              bytes    entries   papers   ranked   matches   Digest    Message   receipt
              (I/O)    (pure)    (I/O)    (pure)   (pure)    (pure)    (pure)    (I/O)

`pipeline/` is the only place that joins the steps; `cli/` and `workers/` only call it.
"""

__version__ = "0.1.0"
