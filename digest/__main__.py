"""`python -m digest` and the `digest` command."""

import gc
import io
import os
import sys

from digest.cli import main as run


def main() -> None:
    """Run the command line and leave with its exit code.

    Files that any command makes hold addresses, keys or mails: only their owner may read them. A terminal
    that can't show a letter shows a question mark.
    """
    gc.disable()  # imports make many objects and no garbage; `Cli.installation` goes on with it
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
