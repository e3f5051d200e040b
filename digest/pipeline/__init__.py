"""Joins the stages, a file per use. Each function reads the store, calls pure stages, and writes.

`now` is an argument everywhere; nothing here prints, and nothing here knows who called.
"""
