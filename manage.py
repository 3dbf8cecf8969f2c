#!/usr/bin/env python
"""Django's command line for Parley."""

import os
import sys
from argparse import ArgumentError, ArgumentParser
from contextlib import suppress

from django.core.management import execute_from_command_line


def adopt_address(arguments: list[str]) -> None:
    """``serve``'s --host and --port count as settings, because the site's address follows from them."""
    parser = ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--host")
    parser.add_argument("--port")
    with suppress(ArgumentError):  # serve itself says what is wrong
        given = vars(parser.parse_known_args(arguments)[0])
        os.environ.update({name.upper(): value for name, value in given.items() if value is not None})


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["serve"]:
        adopt_address(sys.argv[2:])
    execute_from_command_line(sys.argv)
