"""A backup: one tar file with the databases of a stack at one moment, its images, its keys and its settings.

| in the file | what it is |
|---|---|
| `manifest.json` | format, version, moment, and the revision of each database |
| `databases/NAME.dump` | what pg_dump writes (`--format=custom`) |
| `folder/…` | `secret-key`, `admin-token` and `settings.env` of the data folder |
| `media/…` | the images, if extras is among the databases |
"""

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click

from shared import VERSION
from stack.client_programs import run
from stack.databases import check, revision
from stack.folder import create_private
from stack.plan import Plan
from stack.snapshots import of_one_moment

FORMAT = 1
KEPT = ("secret-key", "admin-token", "settings.env")
MEDIA_OWNER = "extras"


def media_of(plan: Plan) -> Path:
    return Path(plan.environment.get("MEDIA_ROOT") or plan.folder.media)


def take(plan: Plan, owners: Sequence[str], target: Path) -> None:
    """Write the databases of `owners` to `target`, whether the stack is running or not. Raises CliError, OSError."""
    embedded = plan.embedded(owners)
    draft = target.with_name(f".{target.name}.part")
    with (
        plan.cluster.running() if embedded else nullcontext(),
        tempfile.TemporaryDirectory(prefix="backup-", dir=plan.folder.path) as scratch,
    ):
        try:
            _collect(plan, owners, Path(scratch))
            with create_private(draft) as file, tarfile.open(fileobj=file, mode="w") as archive:
                for path in sorted(Path(scratch).iterdir(), key=lambda each: each.name != "manifest.json"):
                    archive.add(path, path.name)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _collect(plan: Plan, owners: Sequence[str], scratch: Path) -> None:
    urls = {owner: plan.database_url(owner) for owner in owners}
    for owner, url in urls.items():
        check(owner, url)
    (scratch / "databases").mkdir()
    with of_one_moment(urls) as snapshots:
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        # Links: an image that is removed during the dump is still that of the moment.
        if MEDIA_OWNER in owners and media_of(plan).is_dir():
            shutil.copytree(media_of(plan), scratch / "media", copy_function=_link)
        for owner, url in urls.items():
            click.echo(f"Dumping {owner}")
            dump = ["--format=custom", f"--snapshot={snapshots[owner]}", f"--file={scratch}/databases/{owner}.dump"]
            run("pg_dump", [*dump, "--no-owner", "--no-privileges"], url)
        databases = {owner: revision(url) for owner, url in urls.items()}
    manifest = {"format": FORMAT, "version": VERSION, "moment": moment, "databases": databases}
    (scratch / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _keep(plan, scratch / "folder")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)


def _keep(plan: Plan, target: Path) -> None:
    target.mkdir()
    for name in KEPT:
        if (plan.folder.path / name).exists():
            shutil.copy2(plan.folder.path / name, target / name)
