"""The Chromium that pages are tried in."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium")
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
IN_A_BROWSER = pytest.mark.skipif(not CHROMIUM, reason="CHROMIUM IS MISSING: NO PAGE WAS TRIED IN A BROWSER")
