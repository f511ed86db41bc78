"""Takes the pictures of the README from a running Patchbay that has something to show.

python docs/screenshots.py http://127.0.0.1:8000 admin <password>
"""

import re
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "images"
COLORS = 64
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(base: str, username: str, password: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 800}, base_url=base)
        take_all(page, username, password)
        page = browser.new_page(viewport={"width": 1180, "height": 800}, base_url=base, color_scheme="dark")
        take_docs(page)
        page = browser.new_page(viewport={"width": 360, "height": 720}, base_url=base, color_scheme="dark")
        take(page, "phone-dark", "/api/dcim/sites/")
        browser.close()


def take_all(page: Page, username: str, password: str) -> None:
    log_in(page, username, password)
    take(page, "root", "/")
    take(page, "list", "/api/dcim/sites/")
    page.goto("/api/ipam/prefixes/?prefix=10.112.128.0/17")
    page.click("tbody a >> nth=0")
    shoot(page, "detail")
    take_form_error(page)
    page.goto("/api/dcim/racks/?q=Comms+closet")
    page.click("tbody a >> nth=0")
    shoot(page, "elevation")
    take(page, "admin", "/admin/")


def take_docs(page: Page) -> None:
    page.goto("/api/docs/")
    page.click(".opblock-tag[data-tag=tenancy]")
    page.locator(".opblock").first.scroll_into_view_if_needed()
    shoot(page, "docs")


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/admin/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("main button")
    page.wait_for_url(re.compile("/admin/$"))


def take_form_error(page: Page) -> None:
    page.goto("/api/dcim/sites/")
    page.click("#post summary")
    page.fill("#post [name=name]", "AMS2")
    page.fill("#post [name=slug]", "not a slug")
    page.click("#post button.main")
    page.locator("#post").scroll_into_view_if_needed()
    shoot(page, "form-error")


def take(page: Page, name: str, path: str) -> None:
    page.goto(path)
    shoot(page, name)


def shoot(page: Page, name: str) -> None:
    """A picture of what is seen, with as many colours as a page has."""
    with Image.open(BytesIO(page.screenshot())) as taken:
        taken.convert("RGB").quantize(COLORS).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
