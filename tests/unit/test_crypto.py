"""The formats are checked against PyCryptodome and hashlib, by the description of NetBox 2.3 alone."""

import base64
import hashlib
import os
import re

import pytest
from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import ECC, RSA
from hypothesis import example, given
from hypothesis import strategies as st

from services.secrets import crypto

MASTER_KEY = bytes(range(32))
OTHER_MASTER_KEY = bytes(range(1, 33))


def django_hash(content, iterations, salt="abcDEF123456"):
    digest = hashlib.pbkdf2_hmac("sha256", content, salt.encode(), iterations)
    return f"pbkdf2_sha256${iterations}${salt}${base64.b64encode(digest).decode()}"


def stored_by_netbox(plaintext):
    """A row as NetBox 2.3 writes it: each length byte a character, the whole in UTF-8."""
    encoded = plaintext.encode()
    size = len(encoded)
    missing = 62 - size if size <= 62 else -(size + 2) % 16
    padded = (chr(size >> 8) + chr(size % 256)).encode() + encoded + os.urandom(missing)
    iv = os.urandom(16)
    return iv + AES.new(MASTER_KEY, AES.MODE_CFB, iv=iv).encrypt(padded), django_hash(encoded, 1000)


def decrypted_by_hand(ciphertext):
    return AES.new(MASTER_KEY, AES.MODE_CFB, iv=ciphertext[:16]).decrypt(ciphertext[16:])


@pytest.fixture(scope="module")
def key_pair():
    return crypto.generate_key_pair()


@pytest.fixture(scope="module")
def other_key_pair():
    return crypto.generate_key_pair()


lengths = st.integers(0, 300) | st.sampled_from([511, 512, 32767, 32768, 33000, 65534, 65535])
plaintexts = st.text(max_size=200) | st.builds(lambda size: "x" * size, lengths)


@given(plaintexts)
@example("x" * 65535)
@example("")
def test_a_secret_decrypts_to_what_was_encrypted(plaintext):
    ciphertext, plaintext_hash = crypto.encrypt_secret(plaintext, MASTER_KEY)
    assert crypto.decrypt_secret(ciphertext, plaintext_hash, MASTER_KEY) == plaintext


@pytest.mark.parametrize(
    ("size", "stored_size"), [(0, 80), (1, 80), (62, 80), (63, 96), (78, 96), (79, 112), (65535, 65568)]
)
def test_a_stored_secret_is_iv_length_text_and_padding(size, stored_size):
    text = b"s" * size
    ciphertext, plaintext_hash = crypto.encrypt_secret(text.decode(), MASTER_KEY)
    padded = decrypted_by_hand(ciphertext)
    assert len(ciphertext) == stored_size
    assert padded[:2] == bytes([size >> 8, size & 255])
    assert padded[2 : 2 + size] == text
    assert re.fullmatch(r"pbkdf2_sha256\$1000\$[A-Za-z0-9]{12}\$[A-Za-z0-9+/]{43}=", plaintext_hash)
    assert plaintext_hash == django_hash(text, 1000, salt=plaintext_hash.split("$")[2])


@pytest.mark.parametrize("size", [0, 1, 62, 63, 78, 79, 127, 256, 300])
def test_a_row_of_netbox_decrypts(size):
    plaintext = "p" * size
    assert crypto.decrypt_secret(*stored_by_netbox(plaintext), MASTER_KEY) == plaintext


@pytest.mark.parametrize("size", [128, 200, 255, 384, 32768, 33000, 65535])
def test_a_row_that_netbox_itself_could_not_read_decrypts(size):
    plaintext = "p" * size
    assert crypto.decrypt_secret(*stored_by_netbox(plaintext), MASTER_KEY) == plaintext


def test_a_row_made_by_openssl_decrypts():
    ciphertext = bytes.fromhex(
        "000102030405060708090a0b0c0d0e0f"
        "5a91eb086a2b4f07aaca8afd3481c2f81dab36cae5c086a8df8a2aba4197435e"
        "d2e719c8cad2dccaf11d40abeaaa786f9d3eb6f0c2254263e3c113616e50ba1e"
    )
    plaintext_hash = "pbkdf2_sha256$1000$abcDEF123456$3ekxgeJM/fZQD4r53/EYL/2ff1GrXFdlTtVB3ETMMg4="
    assert crypto.decrypt_secret(ciphertext, plaintext_hash, MASTER_KEY) == "pässw"


def test_two_encryptions_of_one_text_have_nothing_in_common():
    first, second = (crypto.encrypt_secret("the same", MASTER_KEY) for _ in range(2))
    assert first[0][:16] != second[0][:16]
    assert first[0][16:] != second[0][16:]
    assert first[1] != second[1]


def test_a_text_of_more_than_65535_bytes_is_refused():
    with pytest.raises(crypto.PlaintextTooLong, match="65535"):
        crypto.encrypt_secret("é" * 32768, MASTER_KEY)


@given(st.integers(16, 16 + 2 + 30 - 1), st.integers(1, 255))
def test_an_altered_byte_of_the_text_is_noticed(place, change):
    ciphertext, plaintext_hash = crypto.encrypt_secret("thirty characters of plaintext", MASTER_KEY)
    altered = bytearray(ciphertext)
    altered[place] ^= change
    with pytest.raises(crypto.UndecryptableSecret):
        crypto.decrypt_secret(bytes(altered), plaintext_hash, MASTER_KEY)


@pytest.mark.parametrize("size", [0, 5, 15, 16, 17, 18, 40])
def test_a_truncated_ciphertext_is_noticed(size):
    ciphertext, plaintext_hash = crypto.encrypt_secret("thirty characters of plaintext", MASTER_KEY)
    with pytest.raises(crypto.UndecryptableSecret):
        crypto.decrypt_secret(ciphertext[:size], plaintext_hash, MASTER_KEY)


@pytest.mark.parametrize(
    "wrong_hash",
    ["", "plain", django_hash(b"other", 1000), "md5$1000$salt$x", "pbkdf2_sha256$x$salt$x",
     "pbkdf2_sha256$0$salt$x", "pbkdf2_sha256$9999999999$salt$x", "pbkdf2_sha256$1000$salt$é"],
)  # fmt: skip
def test_a_wrong_or_malformed_hash_is_noticed(wrong_hash):
    ciphertext, _ = crypto.encrypt_secret("text", MASTER_KEY)
    with pytest.raises(crypto.UndecryptableSecret):
        crypto.decrypt_secret(ciphertext, wrong_hash, MASTER_KEY)


@pytest.mark.parametrize("wrong_key", [OTHER_MASTER_KEY, b"", b"short"])
def test_another_master_key_opens_nothing(wrong_key):
    with pytest.raises(crypto.UndecryptableSecret) as error:
        crypto.decrypt_secret(*crypto.encrypt_secret("text", MASTER_KEY), wrong_key)
    assert "text" not in str(error.value)


def test_a_master_key_unwraps_with_the_private_key_only(key_pair, other_key_pair):
    private_pem, public_pem = key_pair
    wrapped = crypto.wrap_master_key(MASTER_KEY, public_pem)
    assert len(wrapped) == 256
    assert crypto.unwrap_master_key(wrapped, private_pem) == MASTER_KEY
    with pytest.raises(crypto.InvalidPrivateKey, match="does not match"):
        crypto.unwrap_master_key(wrapped, other_key_pair[0])
    with pytest.raises(crypto.InvalidPrivateKey, match="does not match"):
        crypto.unwrap_master_key(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), private_pem)


def test_wrapping_is_rsa_oaep_with_sha1(key_pair):
    private_pem, public_pem = key_pair
    by_hand = PKCS1_OAEP.new(RSA.import_key(public_pem)).encrypt(MASTER_KEY)
    assert crypto.unwrap_master_key(by_hand, private_pem) == MASTER_KEY
    wrapped = crypto.wrap_master_key(MASTER_KEY, public_pem)
    assert PKCS1_OAEP.new(RSA.import_key(private_pem)).decrypt(wrapped) == MASTER_KEY


def test_what_is_wrapped_must_be_a_master_key(key_pair):
    private_pem, public_pem = key_pair
    with pytest.raises(crypto.InvalidPrivateKey):
        crypto.unwrap_master_key(crypto.wrap_master_key(b"short", public_pem), private_pem)


def test_a_generated_pair_has_the_customary_forms(key_pair):
    private_pem, public_pem = key_pair
    assert private_pem.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert private_pem.endswith("\n-----END RSA PRIVATE KEY-----")
    assert public_pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert public_pem.endswith("\n-----END PUBLIC KEY-----")
    assert RSA.import_key(private_pem).size_in_bits() == 2048
    assert RSA.import_key(private_pem).public_key() == RSA.import_key(public_pem)


@pytest.mark.parametrize("bits", [1024, 2047, 4097, 8192])
def test_a_public_key_of_another_size_is_refused(bits):
    modulus = (1 << (bits - 1)) | 1
    pem = RSA.construct((modulus, 65537), consistency_check=False).export_key().decode()
    with pytest.raises(crypto.InvalidPublicKey, match=f"2048 to 4096 bits here; this one has {bits}"):
        crypto.check_public_key(pem)


@pytest.mark.parametrize("bits", [2048, 4096])
def test_a_public_key_of_the_smallest_and_largest_size_is_accepted(bits):
    modulus = (1 << (bits - 1)) | 1
    crypto.check_public_key(RSA.construct((modulus, 65537), consistency_check=False).export_key().decode())


def test_a_private_key_is_never_taken_for_a_public_one(key_pair):
    pkcs8 = RSA.import_key(key_pair[0]).export_key(pkcs=8).decode()
    for private_pem in (key_pair[0], pkcs8):
        with pytest.raises(crypto.InvalidPublicKey, match="private key"):
            crypto.check_public_key(private_pem)


@pytest.mark.parametrize(
    "pem",
    ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "\ud800", "A" * 5000],
)
def test_what_is_not_a_key_is_refused(pem):
    with pytest.raises(crypto.InvalidPublicKey):
        crypto.check_public_key(pem)
    with pytest.raises(crypto.InvalidPrivateKey):
        crypto.unwrap_master_key(b"", pem)


def test_only_rsa_keys_are_accepted():
    key = ECC.generate(curve="P-256")
    with pytest.raises(crypto.InvalidPublicKey, match="RSA"):
        crypto.check_public_key(key.public_key().export_key(format="PEM"))
    with pytest.raises(crypto.InvalidPrivateKey, match="RSA"):
        crypto.unwrap_master_key(b"", key.export_key(format="PEM"))


def test_an_encrypted_private_key_is_refused(key_pair):
    locked = RSA.import_key(key_pair[0]).export_key(pkcs=8, passphrase="x", protection="scryptAndAES128-CBC")
    with pytest.raises(crypto.InvalidPrivateKey):
        crypto.unwrap_master_key(b"", locked.decode())


def test_a_session_key_unlocks_the_master_key_and_can_be_recovered():
    session_key = crypto.new_key()
    cipher, session_key_hash = crypto.seal_session_key(session_key, MASTER_KEY)
    assert crypto.unlock_master_key(session_key, cipher, session_key_hash) == MASTER_KEY
    assert crypto.recover_session_key(MASTER_KEY, cipher, session_key_hash) == session_key


def test_a_session_is_stored_as_netbox_stores_it():
    session_key = bytes(range(100, 132))
    cipher = bytes(a ^ b for a, b in zip(session_key, MASTER_KEY, strict=True))
    stored_hash = django_hash(session_key, 36000)
    assert crypto.unlock_master_key(session_key, cipher, stored_hash) == MASTER_KEY
    assert crypto.recover_session_key(MASTER_KEY, cipher, stored_hash) == session_key
    written_cipher, written_hash = crypto.seal_session_key(session_key, MASTER_KEY)
    assert written_cipher == cipher
    assert written_hash == django_hash(session_key, 36000, salt=written_hash.split("$")[2])


@pytest.mark.parametrize("wrong_key", [bytes(32), b"", b"short", bytes(33)])
def test_another_session_key_unlocks_nothing(wrong_key):
    cipher, session_key_hash = crypto.seal_session_key(crypto.new_key(), MASTER_KEY)
    with pytest.raises(crypto.InvalidSessionKey):
        crypto.unlock_master_key(wrong_key, cipher, session_key_hash)


@pytest.mark.parametrize("tampered", [bytes(32), b"", b"short"])
def test_a_tampered_session_is_noticed(tampered):
    _, session_key_hash = crypto.seal_session_key(crypto.new_key(), MASTER_KEY)
    with pytest.raises(crypto.InvalidSessionKey):
        crypto.recover_session_key(MASTER_KEY, tampered, session_key_hash)


def test_new_keys_are_random():
    assert len(crypto.new_key()) == 32
    assert crypto.new_key() != crypto.new_key()
