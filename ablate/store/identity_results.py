"""identities.json: the results of a study's identities when they were last evaluated."""

from dataclasses import dataclass

from ablate.identities.identity import Identity
from ablate.store.seal import seal, unseal

SCHEMA = 2
UNSEALED = (1,)
IDENTITIES = "identities.json"


@dataclass(frozen=True, kw_only=True)
class IdentityResults:
    """What identities.json holds: the number that each identity came to, beside the one that is expected."""

    schema: int = SCHEMA
    identities: tuple[Identity, ...]
    made_by: str
    """Versions that evaluated them."""

    def encode(self) -> bytes:
        """As JSON, at full precision, with a checksum."""
        return seal(self)

    @staticmethod
    def decode(content: bytes) -> "IdentityResults":
        """From JSON.

        Raises:
            ValueError: it is truncated, damaged or changed, or of an unknown schema.
        """
        return unseal(content, IdentityResults, schema=SCHEMA, unsealed=UNSEALED)
