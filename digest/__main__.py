"""`python -m digest` and the `digest` command."""

import gc
import os
import sys

from digest.cli import main as run
from digest.cli.terminal.plain import set_up


def main() -> None:
    """Run the command line and leave with its exit code.

    Files that any command makes hold addresses, keys or mails: only their owner may read them.
    """
    gc.disable()  # imports make many objects and no garbage; `Cli.installation` goes on with it
    os.umask(0o077)
    sys.stdout, sys.stderr = (set_up(stream, os.environ) for stream in (sys.stdout, sys.stderr))
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
