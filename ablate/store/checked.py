"""identities.json: the results of a study's identities when they were last evaluated."""

from dataclasses import dataclass

import msgspec

from ablate.identities.identity import Identity

SCHEMA = 1
IDENTITIES = "identities.json"


class _Schema(msgspec.Struct):
    schema: int


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What identities.json holds."""

    schema: int = SCHEMA
    identities: tuple[Identity, ...]
    made_by: str
    """Versions that evaluated them."""

    def encode(self) -> bytes:
        """As JSON, at full precision."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    @staticmethod
    def decode(content: bytes) -> "Checked":
        """From JSON.

        Raises:
            ValueError: it is truncated, or of an unknown schema.
        """
        try:
            schema = msgspec.json.decode(content, type=_Schema).schema
            if schema != SCHEMA:
                raise ValueError(f"schema {schema}, where this version of ablate knows {SCHEMA}")
            return msgspec.json.decode(content, type=Checked)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from error
