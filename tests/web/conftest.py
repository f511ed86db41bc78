"""People who log in to the running stack, with and without a browser."""

import re
from html import unescape

import pytest
import requests

PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


class Person:
    """Somebody with a browser that runs no script: asks for pages, sends forms."""

    def __init__(self, base_url: str):
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"

    def get(self, path: str, **options) -> requests.Response:
        return self.session.get(self.base_url + path, timeout=60, **options)

    def send(self, path: str, page: str | None = None, **filled) -> requests.Response:
        """Sends a form of the page `page` (that of `path` by default) to `path`."""
        data = {"_csrf": self.csrf(page or path), **filled}
        return self.session.post(self.base_url + path, data=data, timeout=60, allow_redirects=False)

    def csrf(self, page: str) -> str:
        found = _CSRF.search(self.get(page).text)
        assert found, page
        return unescape(found[1])

    def log_in(self, username: str, password: str = PASSWORD) -> requests.Response:
        return self.send("/admin/login/", username=username, password=password)


@pytest.fixture
def somebody(stack):
    return Person(stack.base_url)


def make_administrator(api) -> str:
    """The name of a new superuser whose password is known."""
    return api.make("users/users/", username="webmaster", password=PASSWORD, is_superuser=True)["username"]


@pytest.fixture(scope="session")
def administrator(api) -> str:
    return make_administrator(api)


@pytest.fixture
def person(somebody, administrator):
    """The administrator, logged in."""
    assert somebody.log_in(administrator).status_code == 303
    return somebody


@pytest.fixture
def page(browser, stack):
    """A page whose scripts and styles all kept to the policy."""
    context = browser.new_context(base_url=stack.base_url)
    opened = context.new_page()
    complaints = []
    opened.on(
        "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert not complaints


@pytest.fixture
def logged_in(page, administrator):
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(administrator)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    return page
