"""What commands are made of: a group that imports them when they are called, and number options.

A command that fails is told of in one line.
"""

from __future__ import annotations

import errno
import io
import math
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from segmenter.errors import told

INTERRUPTED = 130
"""Exit code of what Ctrl-C ends: that of a shell."""


class FiniteRange(click.FloatRange):
    """A number in a range, and neither infinite nor none, which compare as numbers do."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises `click.BadParameter`."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number to count with", param, ctx)
        return number


class LazyGroup(click.Group):
    """A group that knows of some commands only where they are: no call waits for the others."""

    def __init__(self, *args: Any, lazy: dict[str, str], **settings: Any) -> None:
        """``lazy``: the module and the name in it of each command, as ``module:name``."""
        super().__init__(*args, **settings)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported if it was not yet; none if there is no such one."""
        if cmd_name in self.lazy and cmd_name not in self.commands:
            module, _, name = self.lazy[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an interruption, or a full disk, costs a line and no traceback."""
        if sys.stdout is None:
            raise click.ClickException("standard output: is closed")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # what it cannot write becomes a question mark
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("segmenter: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read has enough; click ends the program
                raise
            where = "" if error.filename else "output: "
            click.echo(f"segmenter: {where}{told(error)}", err=True)
            # What is left to be written would fail once more when the program ends.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
