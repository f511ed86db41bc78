"""The keys behind the secrets. Both are only ever stored encrypted."""

from marshmallow import ValidationError
from sqlalchemy import LargeBinary, String, Text, func
from sqlalchemy.orm import mapped_column

from services.secrets import crypto
from services.secrets.base import Base
from shared.schema import fields
from shared.schema.columns import CASCADE, Tracked, column, date_time, reference, transient


class PublicKey(fields.Text):
    """An RSA public key in PEM form."""

    def check(self, text: str) -> str:
        try:
            crypto.check_public_key(text)
        except crypto.InvalidPublicKey as error:
            raise ValidationError(str(error)) from None
        return text


class UserKey(Base, Tracked):
    """A user's public key; active once the master key is wrapped to it."""

    path = "user-keys"
    nested = ("user",)
    logged = False

    user_id = reference("users.user", on_delete=CASCADE, unique=True, required=False)
    public_key = column(Text, PublicKey())
    is_active = transient(fields.Boolean(dump_only=True), lambda key: key.master_key_cipher.is_not(None))
    master_key_cipher = mapped_column(LargeBinary)


class SessionKey(Base):
    """What a session key, which only its user has, unlocks the master key with."""

    path = "session-keys"
    nested = ()
    logged = False

    userkey_id = reference("secrets.userkey", on_delete=CASCADE, unique=True, nested=("user",))
    created = date_time(automatic=True, server_default=func.now())
    cipher = mapped_column(LargeBinary, nullable=False)
    hash = mapped_column(String(128), nullable=False)
