"""The files of deploy/ and the Containerfile say what the product knows: settings, addresses, versions, rights."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import config
from deploy import healthy
from stack.options import ROOT
from webapp.blueprints.monitor import monitor
from webapp.services.operating import readiness

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"
CONTAINERFILE = ROOT / "Containerfile"
SETTINGS = set(re.findall(r'source\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config.py").read_text(encoding="utf-8")))
# What others read: gunicorn, Flask, and each image that isn't ours.
OF_GUNICORN = {"WEB_CONCURRENCY"}
OF_ENTRYPOINT = {"BACKUP_AT", "BACKUP_KEEP"}
OF_OTHERS = {
    "postgres": {"POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"},
    "roles": {"PGHOST", "PGUSER", "PGDATABASE"},
    "caddy": {"DOMAIN", "ACME_EMAIL"},
}
OURS = ("migrate", "web", "worker", "backup")
USER = "${QUOTEWRIGHT_UID:-10001}:${QUOTEWRIGHT_GID:-10001}"
ANSWERS = {"DOMAIN": "quotes.example.com", "PATH": os.environ["PATH"]}


def compose(path: Path = COMPOSE) -> dict[str, Any]:
    """The compose file, with its anchors resolved."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def manifests() -> Iterator[dict[str, Any]]:
    """Every object in the folder of Kubernetes."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def pods() -> dict[str, dict[str, Any]]:
    """The pod of each Deployment, Job and CronJob, by the object's name."""
    return {
        each["metadata"]["name"]: each["spec"].get("jobTemplate", each)["spec"]["template"]["spec"]
        for each in manifests()
        if each["kind"] in ("Deployment", "Job", "CronJob")
    }


def is_setting(name: str) -> bool:
    return name in SETTINGS or name.removesuffix("_FILE") in SETTINGS


def install(folder: Path, **answers: str) -> subprocess.CompletedProcess[str]:
    """Call install.sh without questions, in an environment of ``answers`` alone."""
    return subprocess.run(
        [DEPLOY / "install.sh", "--yes", folder],
        env={**ANSWERS, **answers},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that install.sh filled."""
    done = install(tmp_path / "quotewright")
    assert (done.returncode, done.stderr) == (0, "")
    return tmp_path / "quotewright"


@pytest.mark.parametrize("service", sorted(compose()["services"]))
def test_compose_sets_only_what_its_image_reads(service: str) -> None:
    given = set(compose()["services"][service].get("environment", {}))
    if service not in OURS:
        assert given == OF_OTHERS.get(service, set())
    else:
        assert [name for name in given - OF_GUNICORN - OF_ENTRYPOINT if not is_setting(name)] == []


def test_each_service_gets_the_secrets_that_its_settings_name() -> None:
    for name, service in compose()["services"].items():
        values = [str(value) for value in service.get("environment", {}).values()]
        named = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}
        assert named <= set(service.get("secrets", [])) <= set(compose()["secrets"]), name
        if name in OURS:
            assert named == set(service["secrets"]), name


def test_every_image_has_a_version() -> None:
    images = [service["image"] for service in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", CONTAINERFILE.read_text(), re.MULTILINE)
    others = [image for image in images if not image.startswith("quotewright:")]
    assert len(others) > 5
    assert [
        image for image in others if not re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)?(-[a-z]+)?$", image)
    ] == []


def test_the_product_has_its_own_version_everywhere() -> None:
    services = compose()["services"]
    assert {services[name]["image"] for name in OURS} == {
        f"quotewright:${{QUOTEWRIGHT_VERSION:-{config.version()}}}"
    }
    kustomization = next(each for each in manifests() if each["kind"] == "Kustomization")
    assert kustomization["images"][0]["newTag"] == config.version()


def test_every_service_is_confined_and_limited() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["restart"] == ("no" if name in ("roles", "migrate") else "unless-stopped")
        assert ("healthcheck" in service) == (service["restart"] != "no"), name
        assert "privileged" not in service, name
        if name in (*OURS, "valkey", "roles"):
            assert (service["user"], service.get("cap_add", [])) == (USER, []), name


def test_what_is_scaled_has_no_name_or_port_of_its_own() -> None:
    for name in ("web", "worker"):
        assert {"container_name", "ports", "hostname"}.isdisjoint(compose()["services"][name])
    assert re.search(r"name web\s+port 8000", (DEPLOY / "Caddyfile").read_text())


def test_services_wait_for_what_they_need() -> None:
    services = compose()["services"]
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            is_program = services[other]["restart"] != "no"
            wanted = "service_healthy" if is_program else "service_completed_successfully"
            assert wait == {"condition": wanted}, (name, other)
    for name in ("web", "worker", "backup"):
        assert set(services[name]["depends_on"]) == {"migrate", "valkey"}


def test_nothing_outside_reaches_the_database_or_the_queue() -> None:
    described = compose()
    assert described["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "valkey", "roles", "migrate", "backup"):
        assert described["services"][name]["networks"] == ["inside"]
    assert [name for name, service in described["services"].items() if "ports" in service] == ["caddy"]


def test_health_checks_ask_what_exists() -> None:
    services = compose()["services"]
    for name in ("web", "worker", "backup"):
        assert services[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "deploy.healthy", name]
    assert healthy.HEARTBEAT == readiness.HEARTBEAT


def test_the_image_runs_as_no_one_in_particular() -> None:
    text = CONTAINERFILE.read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in text
    variables = set(re.findall(r"^(?:ENV)?\s+([A-Z_]+)=", text, re.MULTILINE))
    of_programs = {"PATH", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "FLASK_APP"}
    assert [name for name in variables - of_programs - OF_GUNICORN if not is_setting(name)] == []


def test_the_context_has_what_is_copied_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE.read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert all((ROOT / source).exists() for source in sources)
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == sources
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"


def test_kubernetes_sets_only_settings_from_secrets_that_exist() -> None:
    objects = {(each["kind"], each.get("metadata", {}).get("name")): each for each in manifests()}
    given = objects["ConfigMap", "quotewright"]["data"]
    assert [name for name in given if not is_setting(name)] == []
    named = {Path(value).name for value in given.values() if value.startswith("/run/secrets/quotewright/")}
    assert named == set(objects["Secret", "quotewright"]["stringData"])
    for name, pod in pods().items():
        variables = {each["name"]: each["value"] for each in pod["containers"][0].get("env", [])}
        assert [each for each in variables if not is_setting(each)] == [], name
        secrets = {each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each}
        assert all(("Secret", secret) in objects for secret in secrets), name


def test_kubernetes_names_every_file_but_the_example() -> None:
    kustomization = next(each for each in manifests() if each["kind"] == "Kustomization")
    files = {path.name for path in KUBERNETES.glob("*.yaml")}
    assert set(kustomization["resources"]) == files - {"kustomization.yaml", "secrets.example.yaml"}


def test_every_pod_is_confined_and_limited() -> None:
    assert sorted(pods()) == [
        "quotewright-backup",
        "quotewright-migrate",
        "quotewright-web",
        "quotewright-worker",
    ]
    for name, pod in pods().items():
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        if name != "quotewright-backup":  # once, since the cluster has the schedule
            assert container["args"] == [name.removeprefix("quotewright-")]
        assert {"/tmp", "/data"} <= {each["mountPath"] for each in container["volumeMounts"]}  # noqa: S108
        assert {each["name"] for each in container["volumeMounts"]} == {
            each["name"] for each in pod["volumes"]
        }
        assert "memory" in container["resources"]["limits"]


def test_probes_ask_addresses_that_exist() -> None:
    known = (ROOT / "webapp/blueprints/monitor.py").read_text()
    assert monitor.url_prefix is None
    (web,) = pods()["quotewright-web"]["containers"]
    asked = [web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert asked == ["/livez", "/livez", "/readyz?for=web"]
    assert all(f'"{path.partition("?")[0]}"' in known for path in asked)
    (worker,) = pods()["quotewright-worker"]["containers"]
    command = ["python", "-m", "deploy.healthy", "worker"]
    assert worker["livenessProbe"]["exec"]["command"] == command


def test_kubernetes_points_at_what_it_defines() -> None:
    objects = list(manifests())
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in objects
        if "template" in each.get("spec", {})
    ]

    def is_selected(selector: dict[str, str]) -> bool:
        return any(selector.items() <= given.items() for given in labels)

    for each in objects:
        if each["kind"] == "Service":
            assert is_selected(each["spec"]["selector"])
        if each["kind"] in ("Deployment", "PodDisruptionBudget"):
            assert is_selected(each["spec"]["selector"]["matchLabels"])
        if each["kind"] == "NetworkPolicy":
            assert is_selected(each["spec"]["podSelector"]["matchLabels"])
    (ingress,) = [each for each in objects if each["kind"] == "Ingress"]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert ("Service", backend["name"]) in {
        (each["kind"], each["metadata"]["name"]) for each in objects if "metadata" in each
    }


def test_install_writes_for_its_reader_alone(installed: Path) -> None:
    def modes(folder: Path) -> dict[str, str]:
        return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}

    assert modes(installed) == {
        ".env": "0o600",
        "secrets": "0o700",
        "compose.yaml": "0o644",
        "Caddyfile": "0o644",
        "roles.sh": "0o644",
        "backup.sh": "0o755",
        "restore.sh": "0o755",
    }
    files = {each["file"] for each in compose(installed / "compose.yaml")["secrets"].values()}
    assert files == {f"./secrets/{name}" for name in modes(installed / "secrets")}
    assert set(modes(installed / "secrets").values()) == {"0o600"}


def environment(folder: Path) -> dict[str, str]:
    """The variables of .env."""
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_install_answers_every_variable_of_the_compose_file(tmp_path: Path) -> None:
    done = install(tmp_path / "here", DATA_FOLDER=str(tmp_path / "data"))
    assert done.returncode == 0
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    without_default = set(re.findall(r"\$\{([A-Z_]+)(?:\}|:\?)", COMPOSE.read_text()))
    given = environment(tmp_path / "here")
    assert without_default <= set(given) <= used
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "backups",
        "caddy",
        "postgres",
    ]
    account = str(os.getuid() or 10001)
    assert given["QUOTEWRIGHT_UID"] == account


@pytest.mark.parametrize("service", OURS)
def test_the_product_starts_with_what_was_installed(tmp_path: Path, service: str) -> None:
    install(tmp_path / "here", SMTP_URL="smtp://user:word@mail.example.com:587")
    given = environment(tmp_path / "here")
    described = compose(tmp_path / "here/compose.yaml")["services"][service]["environment"]

    def value(text: str) -> str:
        text = re.sub(r"\$\{([A-Z_]+)[^}]*\}", lambda found: given.get(found[1], ""), text)
        return text.replace("/run/secrets", str(tmp_path / "here/secrets"))

    loaded = config.load({name: value(text) for name, text in described.items()})
    assert loaded.public_base_url == "https://quotes.example.com"
    assert (loaded.cookie_secure, loaded.trusted_proxies) == (True, 1)
    assert (loaded.smtp_url, loaded.mail_from) == (
        "smtp://user:word@mail.example.com:587",
        "quotes@quotes.example.com",
    )
    owner = "quotewright_owner" if service == "migrate" else "quotewright"
    assert loaded.database_url.startswith(f"postgresql+psycopg://{owner}:")


def test_install_never_writes_over_what_is_there(installed: Path) -> None:
    before = {path: path.read_bytes() for path in installed.rglob("*") if path.is_file()}
    done = install(installed)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert {path: path.read_bytes() for path in installed.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "answers",
    [
        {"DOMAIN": ""},
        {"DOMAIN": "localhost"},
        {"DOMAIN": "quotes.example.com\nA=b"},
        {"ACME_EMAIL": "nobody"},
        {"DATA_FOLDER": "here"},
        {"SMTP_URL": "mail.example.com"},
        {"MAIL_FROM": "a b@c"},
        {"WORKERS": "0"},
        {"SMTP_URL": "smtp://$(touch x)@host"},
    ],
    ids=str,
)
def test_a_wrong_answer_writes_nothing(tmp_path: Path, answers: dict[str, str]) -> None:
    done = install(tmp_path / "here", **answers)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing was written: ")
    assert next(iter(answers)) in done.stderr
    assert not (tmp_path / "here").exists()
    # Another try isn't in its own way.
    assert install(tmp_path / "here").returncode == 0


def test_install_asks_five_questions(tmp_path: Path) -> None:
    done = subprocess.run(
        [DEPLOY / "install.sh", tmp_path / "here"],
        env={"PATH": os.environ["PATH"]},
        input="quotes.example.org\n\n\n\n4\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert re.findall(r"([1-9])\. ", done.stderr) == list("12345")
    given = environment(tmp_path / "here")
    assert (given["DOMAIN"], given["ACME_EMAIL"]) == ("quotes.example.org", "webmaster@quotes.example.org")
    assert given["WORKERS"] == "4"


def docker(folder: Path, fails_at: str = "no such step") -> dict[str, str]:
    """An environment whose ``docker`` writes down what it is asked, and fails where that has ``fails_at``."""
    program = folder / "bin/docker"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >>{folder}/asked\n'
        f'case "$*" in *"{fails_at}"*) exit 1 ;; *"flask backup"*) echo a backup ;; '
        '*"flask restore"*) cat >/dev/null ;; esac\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_a_backup_has_its_name_only_when_it_is_whole(installed: Path, tmp_path: Path) -> None:
    def back_up(environment: dict[str, str]) -> int:
        called = [installed / "backup.sh", tmp_path]
        return subprocess.run(
            called, env=environment, capture_output=True, timeout=30, check=False
        ).returncode

    (tmp_path / "failing").mkdir()
    assert back_up(docker(tmp_path / "failing", "flask backup")) != 0
    assert list(tmp_path.glob("*.zip")) == []
    assert back_up(docker(tmp_path)) == 0
    (written,) = tmp_path.glob("quotewright-???.zip")
    assert (written.read_text(), stat.S_IMODE(written.stat().st_mode)) == ("a backup\n", 0o600)


@pytest.mark.parametrize(
    "fails_at", ["RENAME", "createdb", "run --rm roles", "EMPTY_DATABASE=yes migrate", "flask restore", ""]
)
def test_a_restore_that_fails_starts_nothing(installed: Path, tmp_path: Path, fails_at: str) -> None:
    environment = docker(tmp_path, fails_at or "no such step")
    backup = tmp_path / "quotewright-Fri.zip"
    backup.write_text("a backup\n")
    called = [installed / "restore.sh", backup]
    done = subprocess.run(called, env=environment, capture_output=True, text=True, timeout=30, check=False)
    asked = (tmp_path / "asked").read_text()
    assert (done.returncode == 0) == (not fails_at)
    assert ("--scale worker=0" in asked) == (not fails_at)
    assert ("links rebuild --store" in done.stdout) == (not fails_at)
    assert ("RENAME TO quotewright'" in done.stderr) == (fails_at == "flask restore")
