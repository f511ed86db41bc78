"""Settings: a value that is none of its type is named in one line, by whatever process reads it."""

from dataclasses import fields

import pytest

from shared.config import SettingError, Settings
from tests.running import patchbay

WRONG = [
    ("MAX_PAGE_SIZE", "abc", "MAX_PAGE_SIZE must be a whole number, not 'abc'"),
    ("MAX_PAGE_SIZE", "-1", "MAX_PAGE_SIZE must be at least 0, not -1"),
    ("DATABASE_POOL", "0", "DATABASE_POOL must be at least 1, not 0"),
    ("LOGIN_REQUIRED", "ture", "LOGIN_REQUIRED must be true or false, not 'ture'"),
    ("READ_SECONDS", "soon", "READ_SECONDS must be a number of seconds, not 'soon'"),
    ("READ_SECONDS", "nan", "READ_SECONDS must be at least 0.001, not nan"),
    ("CONNECT_SECONDS", "-2", "CONNECT_SECONDS must be at least 0.001, not -2.0"),
    ("NAPALM_ARGS", "[]", "NAPALM_ARGS must be a JSON object"),
    ("PATCHBAY_DCIM_URL", "dcim:8001", "PATCHBAY_DCIM_URL must be of the form http://host:port"),
    ("PATCHBAY_DCIM_URL", "http://a:1,b:2", "PATCHBAY_DCIM_URL must be of the form http://host:port"),
    ("RATE_LIMIT_TOKEN", "many", "RATE_LIMIT_TOKEN must be a number of requests for a time, such as 100/minute"),
    ("CORS_ORIGINS", "https://a.example/path", "CORS_ORIGINS must be *, or sites such as"),
    ("BASE_PATH", "/net box", "BASE_PATH must be a path such as /netbox"),
    ("BASE_PATH", "/../etc", "BASE_PATH must be a path such as /netbox"),
    ("LOG_FORMAT", "xml", "LOG_FORMAT must be plain or json, not 'xml'"),
    ("PATCHBAY_GATEWAY_URL", "http://gateway:99999", "PATCHBAY_GATEWAY_URL must be of the form http://host:port"),
    ("PATCHBAY_DCIM_DATABASE_URL", "mysql://u:hidden@h/x", "PATCHBAY_DCIM_DATABASE_URL must be a URL of the form"),
]


def typed(kind: type) -> list[str]:
    return [each.metadata["variable"] for each in fields(Settings) if each.metadata and each.type is kind]


@pytest.mark.parametrize(("variable", "value", "told"), WRONG)
def test_a_wrong_value_is_told(variable: str, value: str, told: str) -> None:
    with pytest.raises(SettingError) as error:
        Settings.from_environment({variable: value})
    assert str(error.value).startswith(told) and "hidden" not in str(error.value)


@pytest.mark.parametrize("variable", [*typed(bool), *typed(int), *typed(float)])
def test_every_typed_setting_refuses_words(variable: str) -> None:
    with pytest.raises(SettingError, match=f"^{variable} must be "):
        Settings.from_environment({variable: "several"})


@pytest.mark.parametrize(("text", "value"), [("Yes", True), ("on", True), ("1", True), ("NO", False), ("0", False)])
def test_booleans_in_any_spelling(text: str, value: bool) -> None:
    assert Settings.from_environment({"LOGIN_REQUIRED": text}).login_required is value


@pytest.mark.parametrize(("text", "path"), [("netbox/", "/netbox"), ("/a/b", "/a/b"), ("/", ""), ("//a", "/a")])
def test_a_base_path_in_any_spelling(text: str, path: str) -> None:
    assert Settings.from_environment({"BASE_PATH": text}).base_path == path


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.from_environment(dict.fromkeys(Settings.variables(), "")) == Settings.from_environment({})


def test_a_process_ends_with_one_line() -> None:
    done = patchbay("status", environment={"MAX_PAGE_SIZE": "abc"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "patchbay: MAX_PAGE_SIZE must be a whole number, not 'abc'\n"
