"""docs/security.md: the examples of how a right is given are run."""

import json
import re
import subprocess

from shared.config import surroundings
from stack import ROOT
from tests.client import Client

GUIDE = ROOT / "docs" / "security.md"


def test_rights_are_given_as_the_guide_says(stack, api):
    (lines,) = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    given = {
        "T": f"Authorization: Token {stack.token}",
        "J": "Content-Type: application/json",
        "B": f"{stack.base_url}/api",
    }
    done = subprocess.run(
        ["bash", "-ec", lines.replace("curl", "curl -sf -w '\\n'")],
        env=surroundings() | given,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (ada,) = api.results("users/users/", username="ada")
    hers = Client(stack.base_url, json.loads(done.stdout.splitlines()[-1])["key"])
    statuses = {path: hers.post(path, [])[0] for path in ("dcim/racks/", "dcim/rack-roles/", "dcim/sites/")}
    assert statuses == {"dcim/racks/": 201, "dcim/rack-roles/": 201, "dcim/sites/": 403}
    assert api.patch(f"users/users/{ada['id']}/", {"user_permissions": ["dcim.add_site"]})[0] == 200
    assert hers.post("dcim/sites/", [])[0] == 403
