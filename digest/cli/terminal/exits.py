"""Exit codes of the command line: what scripts decide by."""

OK, BUG, USAGE, NOT_FOUND, CONFIGURATION, UNREACHABLE, PARTLY_FAILED, REFUSED = range(8)
INTERRUPTED = 130
