"""The cryptography of secrets, in the formats of NetBox 2.3: its stored keys and ciphertexts open here.

One master key encrypts every secret. Each user holds it wrapped to an RSA public key; a session key unlocks
it for one login. Keys and plaintexts never appear in an error.
"""

import hmac
import os
import string
from base64 import b64encode
from collections.abc import Iterator
from hashlib import pbkdf2_hmac
from random import SystemRandom

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.modes import CFB8
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_BYTES = 32
LONGEST_PLAINTEXT = 65535
SMALLEST_RSA_BITS = 2048
LARGEST_RSA_BITS = 4096

_LONGEST_PEM = 4096
_BLOCK_BYTES = 16
_SMALLEST_PADDED = 64
_SESSION_KEY_ITERATIONS = 36000
_PLAINTEXT_ITERATIONS = 1000
_MOST_ITERATIONS = 1_000_000
_SALT_LENGTH = 12
_SALT_CHARACTERS = string.ascii_letters + string.digits
_OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=SHA1()), algorithm=SHA1(), label=None)


class CryptoError(Exception):
    """Base of what can go wrong here; the text is fit for the client."""


class InvalidPublicKey(CryptoError):
    """Not an RSA public key in PEM form of a permitted size."""


class InvalidPrivateKey(CryptoError):
    """Not an RSA private key in PEM form, or not the one that opens this master key."""


class InvalidSessionKey(CryptoError):
    """Not the session key that was issued."""


class PlaintextTooLong(CryptoError):
    """More bytes of UTF-8 than the format can count."""


class UndecryptableSecret(CryptoError):
    """The ciphertext, its hash and the master key do not belong together."""


def new_key() -> bytes:
    """A random master key or session key."""
    return os.urandom(KEY_BYTES)


def generate_key_pair() -> tuple[str, str]:
    """A new RSA private key (PKCS#1) and its public key (SubjectPublicKeyInfo), both PEM."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA_BITS)
    private_pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public_pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private_pem.decode().strip(), public_pem.decode().strip()


def check_public_key(pem: str) -> None:
    """Raise InvalidPublicKey unless a master key can be wrapped to this key."""
    _load_public_key(pem)


def wrap_master_key(master_key: bytes, public_key_pem: str) -> bytes:
    """The master key encrypted to a public key (RSA-OAEP with SHA-1)."""
    return _load_public_key(public_key_pem).encrypt(master_key, _OAEP)


def unwrap_master_key(wrapped: bytes, private_key_pem: str) -> bytes:
    """The master key that `wrap_master_key` encrypted to the other half of this private key."""
    try:
        master_key = _load_private_key(private_key_pem).decrypt(wrapped, _OAEP)
    except ValueError:
        raise InvalidPrivateKey("This private key does not match the stored public key.") from None
    if len(master_key) != KEY_BYTES:
        raise InvalidPrivateKey("This private key does not open a master key.")
    return master_key


def seal_session_key(session_key: bytes, master_key: bytes) -> tuple[bytes, str]:
    """What is stored of a session key: the cipher from which it unlocks the master key, and its hash."""
    return _xor(session_key, master_key), _hash(session_key, _SESSION_KEY_ITERATIONS)


def unlock_master_key(session_key: bytes, cipher: bytes, session_key_hash: str) -> bytes:
    """The master key behind a stored session, given the session key that was issued for it."""
    return _xor(_verified_session_key(session_key, session_key_hash), cipher)


def recover_session_key(master_key: bytes, cipher: bytes, session_key_hash: str) -> bytes:
    """The session key behind a stored session, given the master key."""
    return _verified_session_key(_xor(master_key, cipher), session_key_hash)


def encrypt_secret(plaintext: str, master_key: bytes) -> tuple[bytes, str]:
    """What is stored of a secret: random IV and AES-256-CFB8 ciphertext in one, and the plaintext's hash."""
    encoded = plaintext.encode()
    iv = os.urandom(_BLOCK_BYTES)
    encryptor = Cipher(AES(master_key), CFB8(iv)).encryptor()
    return iv + encryptor.update(_pad(encoded)), _hash(encoded, _PLAINTEXT_ITERATIONS)


def decrypt_secret(ciphertext: bytes, plaintext_hash: str, master_key: bytes) -> str:
    """The plaintext of a stored secret, checked against its hash."""
    iv, encrypted = ciphertext[:_BLOCK_BYTES], ciphertext[_BLOCK_BYTES:]
    if len(iv) == _BLOCK_BYTES and len(master_key) == KEY_BYTES:
        padded = Cipher(AES(master_key), CFB8(iv)).decryptor().update(encrypted)
        for encoded in _readings(padded):
            if _matches(encoded, plaintext_hash):
                return encoded.decode()
    raise UndecryptableSecret("This secret cannot be decrypted: it was altered, or the key is another one.")


def _load_public_key(pem: str) -> rsa.RSAPublicKey:
    if "PRIVATE KEY" in pem:
        raise InvalidPublicKey("This is a private key. Give the public key; keep the private key to yourself.")
    try:
        key = load_pem_public_key(_pem_bytes(pem))
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey("This is not a public key in PEM form.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise InvalidPublicKey("This is not an RSA key.")
    if not SMALLEST_RSA_BITS <= key.key_size <= LARGEST_RSA_BITS:
        permitted = f"{SMALLEST_RSA_BITS} to {LARGEST_RSA_BITS}"
        raise InvalidPublicKey(f"An RSA key has {permitted} bits here; this one has {key.key_size}.")
    return key


def _load_private_key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(_pem_bytes(pem), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidPrivateKey("This is not an unencrypted private key in PEM form.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidPrivateKey("This is not an RSA key.")
    return key


def _pem_bytes(pem: str) -> bytes:
    if len(pem) > _LONGEST_PEM:
        raise ValueError("too long for a key")
    return pem.strip().encode()


def _verified_session_key(session_key: bytes, session_key_hash: str) -> bytes:
    if len(session_key) != KEY_BYTES or not _matches(session_key, session_key_hash):
        raise InvalidSessionKey("This session key is not valid.")
    return session_key


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _pad(encoded: bytes) -> bytes:
    """Length, text and random bytes: at least 64 in all, then a multiple of 16."""
    if len(encoded) > LONGEST_PLAINTEXT:
        raise PlaintextTooLong(f"A secret has at most {LONGEST_PLAINTEXT} bytes.")
    counted = len(encoded).to_bytes(2, "big") + encoded
    missing = max(_SMALLEST_PADDED - len(counted), -len(counted) % _BLOCK_BYTES)
    return counted + os.urandom(missing)


def _readings(padded: bytes) -> Iterator[bytes]:
    """The texts that the padded bytes may hold; only the right one matches its hash.

    NetBox 2.3 wrote each length byte as a character in UTF-8, two bytes from 128 upwards, and then could not
    read such a secret again. We can.
    """
    yield padded[2 : 2 + int.from_bytes(padded[:2], "big")]
    length_characters = padded[:4].decode("utf-8", "ignore")[:2]
    if len(length_characters) == 2 and max(length_characters) >= "\x80":
        start = len(length_characters.encode())
        high, low = map(ord, length_characters)
        yield padded[start : start + (high << 8) + low]


def _hash(content: bytes, iterations: int) -> str:
    """Django's `pbkdf2_sha256$iterations$salt$hash` over a random salt."""
    salt = "".join(SystemRandom().choices(_SALT_CHARACTERS, k=_SALT_LENGTH))
    return _salted_hash(content, iterations, salt)


def _salted_hash(content: bytes, iterations: int, salt: str) -> str:
    digest = pbkdf2_hmac("sha256", content, salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${b64encode(digest).decode()}"


def _matches(content: bytes, expected: str) -> bool:
    """Whether `expected` is a hash of the content; the time it takes does not tell where they differ."""
    algorithm, _, rest = expected.partition("$")
    iterations, _, rest = rest.partition("$")
    salt, _, _digest = rest.partition("$")
    if algorithm != "pbkdf2_sha256" or not iterations.isdecimal() or not 0 < int(iterations) <= _MOST_ITERATIONS:
        return False
    return hmac.compare_digest(_salted_hash(content, int(iterations), salt).encode(), expected.encode())
