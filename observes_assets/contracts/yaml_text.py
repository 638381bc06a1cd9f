"""YAML, read fast and safely, and written as the project's other files look."""

from typing import Any

import yaml

# libyaml's loader is ten times faster, where PyYAML was built with it; both build plain values only.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def from_yaml(text: bytes) -> Any:
    """The one document that a text holds.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in either case


def as_yaml(document: Any) -> str:
    """One document as text, keys in their own order, lines of about a hundred characters."""
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=100, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Lists are indented, and nothing points elsewhere."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists too."""
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: Any) -> bool:
        """Never point at an equal value elsewhere."""
        return True
