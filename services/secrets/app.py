"""The secrets service: its resources, in URL order."""

from services.secrets import generate_rsa_key_pair, get_session_key
from services.secrets.base import Base
from services.secrets.resources.secret_roles import secret_roles
from services.secrets.resources.secrets import secrets
from services.secrets.resources.session_keys import session_keys
from services.secrets.resources.user_keys import user_keys
from shared.api.app import create_app

RESOURCES = (secret_roles, secrets, user_keys, session_keys)

app = create_app(
    Base,
    RESOURCES,
    routes=(
        ("get-session-key", get_session_key.blueprint),
        ("generate-rsa-key-pair", generate_rsa_key_pair.blueprint),
    ),
    permissions=("activate_userkey",),
)
