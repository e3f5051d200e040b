"""Defines the exit codes of the command line, by which scripts decide."""

OK, BUG, USAGE, NOT_FOUND, CONFIGURATION, UNREACHABLE, PARTLY_FAILED, REFUSED = range(8)
INTERRUPTED = 130
CUT_OFF = 141  # whoever read the output went away, as of `| head`: 128 + SIGPIPE
