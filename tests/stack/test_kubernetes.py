"""The Kustomize base and its overlays, built by kubectl: Kubernetes would take them, and no program gets too much."""

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from shared.config import SERVICES, Settings
from stack import ROOT
from stack.gunicorn_service import graceful_timeout
from tests.stack.test_deployment import PROGRAMS, all_secrets, secrets_of

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("small", "production")
BUILT = [*OVERLAYS, *(f"{name}/migrations" for name in OVERLAYS)]
# The kinds that we use, of Kubernetes 1.37 (Apache License 2.0), in the form in which unknown names are refused.
SCHEMA = json.loads((Path(__file__).parent / "schema" / "kubernetes.json").read_text())
KUBECTL = shutil.which("kubectl")

pytestmark = pytest.mark.skipif(not KUBECTL, reason="KUBECTL IS MISSING: NO MANIFEST WAS BUILT")

Manifests = dict[tuple[str, str], dict]


def build(folder: Path) -> Manifests:
    done = subprocess.run([str(KUBECTL), "kustomize", folder], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    made = list(yaml.safe_load_all(done.stdout))
    named = {(each["kind"], each["metadata"]["name"]): each for each in made}
    assert len(named) == len(made)
    return named


@pytest.fixture(scope="module")
def built() -> dict[str, Manifests]:
    return {name: build(FOLDER / "overlays" / name) for name in BUILT}


def pod_of(manifest: dict) -> dict:
    return manifest["spec"]["template"]["spec"]


def container_of(manifest: dict) -> dict:
    (container,) = pod_of(manifest)["containers"]
    return container


def secrets_given(container: dict) -> list[str]:
    return [source["secretRef"]["name"] for source in container["envFrom"] if "secretRef" in source]


def errors_of(manifest: dict) -> list[str]:
    """What Kubernetes would refuse in it."""
    kind = manifest["kind"]
    (known,) = [
        name
        for name, shape in SCHEMA["definitions"].items()
        if manifest["apiVersion"] in shape.get("properties", {}).get("apiVersion", {}).get("enum", ())
        and name.endswith(f".{kind}")
    ]
    whole = {**SCHEMA, "$ref": f"#/definitions/{known}"}
    return [
        f"{kind} {each.json_path}: {each.message}" for each in jsonschema.Draft7Validator(whole).iter_errors(manifest)
    ]


@pytest.mark.parametrize("name", BUILT)
def test_kubernetes_takes_all_of_it(built, name) -> None:
    examples = list(yaml.safe_load_all((FOLDER / "secrets.example.yaml").read_text()))
    assert [told for each in [*built[name].values(), *examples] for told in errors_of(each)] == []
    assert {each["metadata"].get("namespace", "patchbay") for each in [*built[name].values(), *examples]} == {
        "patchbay"
    }
    assert "PROGRAM" not in str(built[name]) and "VERSION" not in str(built[name])


def test_the_schema_refuses_what_kubernetes_has_no_name_for(built) -> None:
    wrong = json.loads(json.dumps(built["small"]["Deployment", "dcim"]))
    container_of(wrong)["resource"] = {}
    pod_of(wrong)["terminationGracePeriodSeconds"] = "soon"
    assert len(errors_of(wrong)) == 2


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_pod_has_its_own_secret_only(built, overlay, name) -> None:
    named = built[overlay]
    container = container_of(named["Deployment", name])
    assert secrets_given(container) == [f"patchbay-{name}"]
    assert container["image"] == f"registry.example.com/patchbay-{name}:1.0.0"
    assert named["Service", name]["spec"]["selector"] == {"app": name}
    assert named["Deployment", name]["spec"]["template"]["metadata"]["labels"]["app"] == name


def test_the_secrets_are_those_of_their_programs() -> None:
    named = {
        each["metadata"]["name"]: each for each in yaml.safe_load_all((FOLDER / "secrets.example.yaml").read_text())
    }
    assert {name: set(named[f"patchbay-{name}"]["stringData"]) for name in PROGRAMS} == {
        name: secrets_of(name) for name in PROGRAMS
    }
    assert set(named) == {"patchbay-admin", *(f"patchbay-{name}" for name in PROGRAMS)}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_started_scaled_spread_and_drained_by_itself(built, overlay, name) -> None:
    deployment = built[overlay]["Deployment", name]
    labels, container = deployment["spec"]["selector"]["matchLabels"], container_of(deployment)
    assert built[overlay]["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"] == labels
    scaled = built[overlay]["HorizontalPodAutoscaler", name]["spec"]
    assert scaled["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    assert "replicas" not in deployment["spec"]
    (spread,) = pod_of(deployment)["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels
    probes = {each: container[each]["httpGet"]["path"] for each in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod_of(deployment)["terminationGracePeriodSeconds"] > graceful_timeout + pause
    least = scaled["minReplicas"], scaled["maxReplicas"]
    assert least == ((1, 1) if overlay == "small" else (2, 6))


def mebibytes(text: str) -> int:
    return int(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]


def test_memory_is_enough_for_what_was_measured(built) -> None:
    for name in PROGRAMS:
        given = container_of(built["production"]["Deployment", name])["resources"]
        assert mebibytes(given["requests"]["memory"]) >= {"dcim": 172, "gateway": 162}.get(name, 116)
        # Rendering templates takes extras 512 MiB on top.
        assert mebibytes(given["limits"]["memory"]) >= (172 + 512 if name == "extras" else 2 * 172)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_job_migrates_each_program_and_is_another_with_another_image(built, tmp_path, overlay, name) -> None:
    jobs = built[f"{overlay}/migrations"]
    container = container_of(jobs["Job", f"migrate-{name}-1.0.0"])
    assert container["image"] == container_of(built[overlay]["Deployment", name])["image"]
    assert container["command"] == ["python", "-m", "stack", "migrate", name, "--data", "/tmp/patchbay"]
    assert secrets_given(container) == [f"patchbay-{name}", *(["patchbay-admin"] if name == "gateway" else [])]
    assert len(jobs) == len(PROGRAMS)


def test_the_release_of_one_program_changes_nothing_of_another(built, tmp_path) -> None:
    shutil.copytree(FOLDER, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / "overlays" / "production"
    images = overlay / "images" / "kustomization.yaml"
    images.write_text(images.read_text().replace("patchbay-dcim, newTag: 1.0.0", "patchbay-dcim, newTag: 1.1.0"))
    for part, expected in (("migrations", {("Job", "migrate-dcim-1.1.0")}), (".", {("Deployment", "dcim")})):
        before = built["production/migrations" if part == "migrations" else "production"]
        after = build(overlay / part)
        assert {key for key, each in after.items() if before.get(key) != each} == expected


@pytest.mark.parametrize("name", BUILT)
def test_pods_are_of_the_restricted_kind(built, name) -> None:
    """Pod Security Standards: what the namespace enforces."""
    assert name.endswith("migrations") or built[name]["Namespace", "patchbay"]["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "restricted"
    }
    for manifest in built[name].values():
        if manifest["kind"] not in ("Deployment", "Job"):
            continue
        pod, container = pod_of(manifest), container_of(manifest)
        assert pod["automountServiceAccountToken"] is False and not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
        assert kinds <= {"emptyDir", "persistentVolumeClaim"}


def test_images_are_on_a_volume_that_all_pods_of_extras_share(built) -> None:
    assert built["production"]["PersistentVolumeClaim", "media"]["spec"]["accessModes"] == ["ReadWriteMany"]
    mounted = {
        each["name"]: each["mountPath"]
        for each in container_of(built["production"]["Deployment", "extras"])["volumeMounts"]
    }
    assert mounted["media"] == "/app/var/media"


def test_everybody_has_policies_in_both_directions(built) -> None:
    policies = {name: each["spec"] for (kind, name), each in built["production"].items() if kind == "NetworkPolicy"}
    assert policies["nothing-else"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    asked = {
        each["podSelector"]["matchLabels"]["role"]: [
            to["podSelector"]["matchLabels"]["role"] for rule in each["egress"] for to in rule["to"]
        ]
        for name, each in policies.items()
        if name in ("the-gateway-asks-services", "services-ask-the-gateway")
    }
    assert asked == {"gateway": ["service"], "service": ["gateway"]}
    roles = {
        each["spec"]["template"]["metadata"]["labels"]["role"]
        for (kind, _), each in built["production"].items()
        if kind == "Deployment"
    }
    assert roles == {"gateway", "service"}


def test_the_settings_are_settings_and_the_ingress_has_their_path(built) -> None:
    told = built["production"]["ConfigMap", "patchbay-settings"]["data"]
    assert not told.keys() - set(Settings.variables()) and not told.keys() & all_secrets()
    settings = Settings.from_environment(told)
    assert {service: f"http://{service}:8000" for service in SERVICES} == {
        service: urls[0] for service, urls in settings.upstreams.items()
    }
    (rule,) = built["production"]["Ingress", "patchbay"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["path"] == settings.base_path == "/netbox"
    assert path["backend"]["service"]["name"] == "gateway"
