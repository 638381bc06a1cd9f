"""Read a contract's document from its bytes.

A module of its own, since to import the standard's model takes a tenth of a second: who only asks how things
stand reads no contract.
"""

import yaml
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from observes_assets.contracts.yaml_text import from_yaml
from observes_assets.errors import SettingsError


def read(source: str, text: bytes) -> OpenDataContractStandard:
    """The document that a contract's bytes hold.

    Raises:
        SettingsError: not an Open Data Contract Standard document; names the source.
    """
    try:
        return OpenDataContractStandard.model_validate(from_yaml(text))
    except (ValidationError, yaml.YAMLError) as error:
        lines = str(error).splitlines()
        raise SettingsError(f"contract of {source} is unreadable: {' '.join(lines[:3])}.") from None
