"""All papers × all subscribers as bits and arrays: what a term, a filter, a subscriber selects."""
