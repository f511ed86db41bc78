"""The session key by which secrets are read and written, for a private key."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from moving.api import ApiClient, OutcomeUnknown, Refused
from stack.cli_error import CliError

HEADER = "X-Session-Key"
SECRETS = "secrets/secrets"


def session_header(api: ApiClient, private_key: str) -> dict[str, str]:
    """What opens the secrets of `api` to the owner of `private_key`. Raises CliError."""
    try:
        told = api.send("POST", "secrets/get-session-key/", {"private_key": private_key}, preserve_key="true")
        return {HEADER: told["session_key"]}
    except (Refused, OutcomeUnknown, KeyError, TypeError) as error:
        raise CliError(f"{api.base_url} gives no session key for this private key: {error}") from error


def own_key(api: ApiClient, private_key: str) -> None:
    """Let the owner of the token have a user key here, if nobody has one yet: the first makes the master key.

    Raises CliError.
    """
    try:
        if not api.get("secrets/user-keys/", limit=1)["count"]:
            api.send("POST", "secrets/user-keys/", {"public_key": _public(private_key)})
    except (Refused, OutcomeUnknown) as error:
        raise CliError(f"{api.base_url} takes no user key: {error}") from error


def _public(private_key: str) -> str:
    try:
        key = load_pem_private_key(private_key.encode(), None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CliError("this is no private key in PEM format without a passphrase") from error
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
