"""YAML with line numbers: every value knows where it stands and what it is called.

Belongs here: what any YAML file that people write for us would need. What it means is its source's own
``client.py``.
"""

import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from observes_assets.errors import SettingsError

# 5,000 repositories are 0.7 MB.
LARGEST_FILE = 8 * 1024 * 1024
# Six levels are needed. PyYAML's parser in C is faster, but crashes the process on a deep file.
DEEPEST_LEVEL = 20

_KINDS = {
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "timestamp": "a date",
    "null": "nothing",
    "str": "text",
    "seq": "a list",
    "map": "a mapping",
}


class _Loader(yaml.SafeLoader):
    """Refuses aliases (a few lines of them can stand for billions of values) and bottomless nesting."""

    _level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._level += 1
        if self.check_event(yaml.AliasEvent):
            self._refuse("an alias (*name) is not supported here")
        if self._level > DEEPEST_LEVEL:
            self._refuse("values are nested too deeply")
        node = super().compose_node(parent, index)
        self._level -= 1
        return node

    def _refuse(self, problem: str) -> None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        raise yaml.composer.ComposerError(None, None, problem, mark)


@dataclass(frozen=True)
class Value:
    """One YAML value: ``name`` is what messages call it."""

    node: yaml.Node
    file: Path
    name: str

    @property
    def line(self) -> int:
        """The line on which the value begins, from 1."""
        return int(self.node.start_mark.line) + 1

    def error(self, problem: str, remedy: str = "") -> SettingsError:
        """Make the error that says what is wrong with this value, and where."""
        return SettingsError(f"{self.file} line {self.line}: {problem}", remedy)

    def wrong(self, problem: str, remedy: str = "") -> SettingsError:
        """Like ``error``, with the value's name in front."""
        return self.error(f"{self.name} {problem}", remedy)

    @property
    def kind(self) -> str:
        """What YAML takes the value for, in a reader's words."""
        return _KINDS.get(str(self.node.tag).rpartition(":")[2], "something else")

    def called(self, name: str) -> "Value":
        """The same value under another name."""
        return Value(self.node, self.file, name)

    def peek(self, key: str) -> str | None:
        """The text under a key, for messages, before anything is checked."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        texts = (node.value for key_node, node in pairs if key_node.value == key)
        return next((text for text in texts if isinstance(text, str) and text.isprintable()), None)

    def items(self) -> list["Value"]:
        """The items of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong(f"must be a list, not {self.kind}.")
        return [
            Value(node, self.file, f"item {number} of {self.name}")
            for number, node in enumerate(self.node.value, start=1)
        ]

    def entries(self) -> dict[str, "Value"]:
        """The entries of a mapping with free keys. A repeated key is refused: YAML would drop the first."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"must be a mapping, not {self.kind}.")
        found: dict[str, Value] = {}
        for key_node, node in self.node.value:
            key = Value(key_node, self.file, f"a key of {self.name}").text()
            if key in found:
                first = found[key].line
                raise Value(key_node, self.file, self.name).error(
                    f'key "{key}" appears twice in {self.name} (first on line {first}).', "Remove one."
                )
            found[key] = Value(node, self.file, f'"{key}" of {self.name}')
        return found

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Value"]:
        """The entries of a mapping with known keys."""
        if isinstance(self.node, yaml.MappingNode):
            self._require_known_keys([*required, *optional])
        found = self.entries()
        for key in required:
            if key not in found:
                raise self.error(f'{self.name} lacks the key "{key}".')
        return found

    def _require_known_keys(self, known: list[str]) -> None:
        for key_node, _ in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key not in known:
                at = Value(key_node, self.file, self.name)
                if key is None:
                    raise at.error(f"a key of {self.name} must be text, not {at.kind}.")
                raise at.error(f'unknown key "{key}" in {self.name}{did_you_mean(key, known)}')

    def text(self) -> str:
        """A text of one line or less, without control characters."""
        if self.node.tag != "tag:yaml.org,2002:str":
            raise self._not_text()
        text = str(self.node.value)
        if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
            raise self.wrong("holds a line break or a control character.")
        return text

    def _not_text(self) -> SettingsError:
        if self.kind == "nothing":
            return self.wrong("is empty.", "Give a value, or remove the line.")
        if isinstance(self.node, yaml.ScalarNode):
            return self.wrong(f"must be text, but YAML reads it as {self.kind}.", "Quote it.")
        return self.wrong(f"must be text, not {self.kind}.")

    def choice(self, options: Collection[str]) -> str:
        """One of the words in ``options``."""
        word = self.node.value if isinstance(self.node, yaml.ScalarNode) else ""
        if word not in options:
            raise self.wrong(f"must be {' or '.join(options)}{did_you_mean(word, options)}")
        return str(word)

    def time_zone(self) -> str:
        """A time zone's IANA name."""
        name = self.text()
        # "localtime" is whatever this machine is set to; "Factory" means that nobody has set it.
        known = zoneinfo.available_timezones() - {"localtime", "Factory"}
        if name not in known:
            raise self.wrong(
                f"is not a known time zone{did_you_mean(name, known)}", 'Use an IANA name such as "UTC".'
            )
        return name

    def whole_number(self, smallest: int, largest: int) -> int:
        """A whole number, written in plain digits (YAML reads 010 as 8 and 1:30 as 90)."""
        plain = self.node.tag == "tag:yaml.org,2002:int" and re.fullmatch(
            r"0|[1-9][0-9]{0,9}", self.node.value
        )
        number = int(self.node.value) if plain else smallest - 1
        if not smallest <= number <= largest:
            raise self.wrong(f"must be a whole number from {smallest} to {largest}, in plain digits.")
        return number


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """The end of a sentence: a full stop, or first a suggestion if an option is close to the word."""
    close = difflib.get_close_matches(word, list(options), n=1)
    return f'; did you mean "{close[0]}"?' if close else "."


def read_text(path: Path, what: str) -> str:
    """Read a UTF-8 file; a byte order mark is dropped.

    Raises:
        SettingsError: missing, unreadable, too large or not UTF-8; ``what`` says what the file is.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path} line {line}: not UTF-8 text.", "Save the file as UTF-8.") from None
    if len(raw) > LARGEST_FILE:
        raise SettingsError(f"{what} {path} is larger than {LARGEST_FILE // 1024**2} MB.")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SettingsError(f"{path} line {line}: a NUL character: this is not a text file.")
    return text


def read_document(path: Path, what: str) -> Value:
    """Read a YAML file.

    Raises:
        SettingsError: not readable, or not one YAML document; names the file and the line, not the content.
    """
    text = read_text(path, what)
    try:
        node = yaml.compose(text, _Loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(f"{path} line {line}: a control character is not allowed in YAML.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path} line {mark.line + 1}" if mark else str(path)
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise SettingsError(f"{place}: not readable as YAML: {problem}.") from None
    if node is None:
        raise SettingsError(f"{what} {path} is empty.")
    return Value(node, path, f"the {what.lower()}")
