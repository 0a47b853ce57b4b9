"""The command `apprentice`."""

import sys

from bot.cli import command
from bot.errors import ApprenticeError, ConfigError


def main() -> None:
    """Run the command line; a user's mistake ends with a sentence and status 2, a refusal with status 1."""
    try:
        command()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentence is for the terminal
        sys.exit(2)
    except ApprenticeError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the sentence is for the terminal
        sys.exit(1)


if __name__ == "__main__":
    main()
