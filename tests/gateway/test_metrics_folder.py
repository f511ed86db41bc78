"""Workers count together without being given a folder, as in a container, and leave nothing behind."""

import re
import subprocess
import sys
from pathlib import Path

import psutil
import requests

from shared.config import surroundings
from tests.gateway.conftest import ROOT, wait_for
from tests.running import eventually, free_port


def test_the_workers_make_a_folder_of_their_own_and_take_it_away(environment, stack):
    port = free_port()
    told = {**surroundings(), **environment, "PROMETHEUS_MULTIPROC_DIR": "", "READ_SECONDS": "30"}
    command = [sys.executable, "-m", "gunicorn", "-c", "python:stack.gunicorn_gateway", "-b", f"127.0.0.1:{port}"]
    gateway = subprocess.Popen([*command, "gateway.app:app"], cwd=ROOT, env=told)
    wait_for(port)

    def answered() -> int:
        text = requests.get(f"http://127.0.0.1:{port}/metrics").text
        found = re.findall(r'patchbay_gateway_requests_total\{app="ipam",method="GET",status="2xx"\} (\d+)', text)
        return sum(map(int, found))

    def folders() -> set[Path]:
        files = {Path(each.path) for worker in psutil.Process(gateway.pid).children() for each in worker.open_files()}
        mapped = {Path(each.path) for worker in psutil.Process(gateway.pid).children() for each in worker.memory_maps()}
        return {each.parent for each in files | mapped if each.parent.name.startswith("patchbay-metrics-")}

    for number in range(20):
        assert requests.get(f"http://127.0.0.1:{port}/api/ipam/vrfs/?{number}").status_code == 200
    assert answered() == 20
    workers = psutil.Process(gateway.pid).children()
    workers[0].kill()
    eventually(lambda: len(set(psutil.Process(gateway.pid).children()) - set(workers)) == 1, "there is another worker")
    assert answered() == 20
    (folder,) = folders()
    assert folder.exists()
    gateway.terminate()
    gateway.wait()
    assert not folder.exists()
