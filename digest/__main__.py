"""`python -m digest` and the `digest` command."""

import sys

from digest.cli import main as run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
