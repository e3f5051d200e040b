"""Builds segments of papers: named arrays of where their words stand, one blob each, merged as they grow.

packing     named arrays ↔ bytes                segment   papers and where their words stand
vocabulary  sorted strings in arrays            building  papers → a segment
acronyms    "long form (ABC)" → pairs           merging   segments → one
"""
