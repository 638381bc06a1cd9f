"""A command whose module is imported only when it is called: importing all of them takes half a second."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand


class Later(TyperCommand):
    """Stands for a command in the list of them, until it is called.

    Args:
        place: ``module:attribute`` in ``observes_assets.cli``, a function or a group's ``Typer``.
        about: what the list says of it, which is how its own help begins; a test holds the two equal.
    """

    def __init__(self, name: str, place: str, about: str) -> None:
        super().__init__(name, help=about)
        self.place = place

    def load(self) -> Any:
        """The command itself, with its options and its subcommands."""
        module, _, attribute = self.place.partition(":")
        found = getattr(import_module(f"observes_assets.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(found)
        return typer.main.get_command(alone)

    def make_context(
        self, info_name: str | None, args: Sequence[str], parent: Any = None, **extra: Any
    ) -> Any:
        """The context of the command itself, which is what a group then goes on with."""
        return self.load().make_context(info_name, list(args), parent, **extra)
