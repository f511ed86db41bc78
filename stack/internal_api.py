"""Asking a service what only services may ask: the launcher holds the keys of all."""

import orjson
import requests

from shared import JsonObject
from shared.config import process_of
from shared.http import protocol
from shared.security.identity import CALLER_HEADER, HEADER, Identity, digest, sign
from stack.cli_error import CliError
from stack.plan import Plan

SECONDS_TO_CONNECT = 3


def ask(plan: Plan, service: str, operation: str, data: JsonObject, seconds: float) -> JsonObject:
    """The answer of `service` to an internal operation. Raises CliError."""
    path, body = f"/internal/{service}/{operation}", orjson.dumps(data)
    identity = sign(plan.signing_key(service), Identity(service=service), "POST", path, body=digest(body))
    try:
        reply = requests.post(
            plan.health_base(process_of(service)) + path,
            data=body,
            headers={
                HEADER: identity,
                CALLER_HEADER: service,
                "Content-Type": "application/json",
                **protocol.as_header(),
            },
            timeout=(SECONDS_TO_CONNECT, seconds),
        )
    except requests.RequestException as error:
        raise CliError(f"the {service} service does not answer") from error
    if not reply.ok:
        raise CliError(f"the {service} service answers {reply.status_code}: {reply.text[:300]}")
    if protocol.common(said := reply.headers.get(protocol.HEADER)) is None:
        raise CliError(f"the {service} service is {protocol.stranger(said)}")
    answer: JsonObject = reply.json()
    return answer
