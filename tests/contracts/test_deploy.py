"""What is in deploy/ holds: its commands and settings exist, its times are long enough."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import worker
from blueprints.assets import vendor_hash
from blueprints.cli import parse
from blueprints.cli.supervision import supervisor, web_server
from core import config
from core.triggers import endpoint
from tests.openbuild import ROOT, Openbuild

DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/openbuild/openbuild"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SETTING = re.compile(r"\bOPENBUILD_[A-Z_]+\b")
LONGEST_DRAIN = max(worker.DRAIN_SECONDS, web_server.DRAIN_SECONDS)
# Children first, then the queue; and some time to say goodbye.
WHOLE_DRAIN = 2 * (supervisor.DRAIN_SECONDS + supervisor.KILL_SECONDS)
LOOSEST = 20  # tenths, of the exposure that systemd computes: 100 is an open door


def compose():
    return YAML(typ="safe").load(DEPLOY / "compose.yaml")


def text_of(name):
    return (DEPLOY / name).read_text()


def is_command(words):
    """Whether the command line of this version takes these words."""
    return parse(words[0], words).command == words[0]


def values_of(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def seconds(text):
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("file", sorted(p for p in DEPLOY.rglob("*") if p.is_file()), ids=str)
def test_every_setting_that_is_named_exists(file):
    named = {name.removesuffix("_FILE") for name in SETTING.findall(file.read_text())}

    assert named <= set(config.names())


def test_the_image_has_what_its_front_end_is_made_of_before_it_is_made(tmp_path):
    before, _, _ = text_of("Dockerfile").partition("./openbuild assets")
    for line in re.findall(r"^COPY (.+)$", before, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            copy_as_an_image_does(ROOT / source, tmp_path / target)
    asked = "from blueprints.cli import assets as made, parse; from blueprints import assets; "
    asked += "parse('assets', ['assets']); print(assets.vendor_hash())"

    told = subprocess.run(
        [sys.executable, "-P", "-c", asked],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert told.stdout.strip() == vendor_hash(), told.stderr


def copy_as_an_image_does(source, target):
    """A folder's content, or a file, below or as the target."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        return
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_and_gives_it_time_to_end(unit):
    (command,) = values_of(unit, "ExecStart")
    program, *words = shlex.split(command.replace("%i", "8000"))
    (limit,) = values_of(unit, "TimeoutStopSec")

    assert program == PROGRAM
    assert is_command(words)
    assert seconds(limit) > (WHOLE_DRAIN if words[0] == "up" else LONGEST_DRAIN)
    assert values_of(unit, "Restart") == ["always"]
    assert values_of(unit, "User") == ["openbuild"]


@pytest.fixture
def analyze():
    """systemd's own look at a unit, on machines that have it."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    return lambda *words: subprocess.run([program, *words], capture_output=True, text=True)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_a_unit_and_finds_it_closed(unit, analyze, tmp_path):
    here = tmp_path / unit.name.replace("@", "@8000")
    here.write_text(unit.read_text().replace(PROGRAM, str(ROOT / "openbuild")))

    told = analyze("verify", str(here))
    judged = analyze("security", "--offline=true", f"--threshold={LOOSEST}", str(here))

    assert told.stderr == ""
    assert judged.returncode == 0, judged.stdout[-200:]


def test_each_process_of_the_compose_file_is_a_command_with_time_to_end():
    services = compose()["services"]
    ours = [service for service in services.values() if service.get("image") == "openbuild"]

    assert sorted(service["command"][0] for service in ours) == ["schedule", "web", "work"]
    for service in ours:
        assert is_command(service["command"])
        assert seconds(service["stop_grace_period"]) > LONGEST_DRAIN
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert set(service["depends_on"]) <= set(services)
        assert set(service["environment"]) <= set(config.names())


def test_only_caddy_is_reached_from_outside_and_only_its_word_is_believed():
    file = compose()
    services, networks = file["services"], file["networks"]
    published = [name for name, service in services.items() if "ports" in service]
    shared = set(services["web"]["networks"]) & set(services["proxy"]["networks"])
    (net,) = shared

    assert published == ["proxy"]
    assert networks["back"]["internal"]
    assert {tuple(services[name]["networks"]) for name in ("database", "queue")} == {("back",)}
    (subnet,) = networks[net]["ipam"]["config"]
    assert services["web"]["environment"]["OPENBUILD_TRUSTED_PROXIES"] == subnet["subnet"]


def test_every_variable_of_the_compose_file_is_in_its_example():
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text_of("compose.yaml")))
    given = set(re.findall(r"^([A-Z_]+)=", text_of("compose.env.example"), re.MULTILINE))

    assert wanted == given


def instructions():
    """The lines of the Dockerfile, continued ones joined, as (instruction, rest)."""
    joined = text_of("Dockerfile").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and line[0] != "#"]
    return [tuple(line.strip().split(None, 1)) for line in lines]


def rest_of(name):
    return [rest for instruction, rest in instructions() if instruction == name]


def test_the_image_runs_a_command_as_a_user_of_its_own():
    command = json.loads(rest_of("CMD")[-1])
    (entry,) = rest_of("ENTRYPOINT")

    assert json.loads(entry) == ["./openbuild"]
    assert is_command(command)
    assert rest_of("USER") == ["openbuild"]
    assert "OPENBUILD_HOME=/data" in rest_of("ENV")[0]
    assert rest_of("VOLUME") == ["/data"]


def test_everything_that_the_image_copies_is_there_and_nothing_that_runs_is_left_out():
    copied = [rest.split()[:-1] for rest in rest_of("COPY") if not rest.startswith("--from")]
    ignored = text_of("Dockerfile.dockerignore").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    needed = {"openbuild", "app.py", "worker.py", "requirements.txt", "package-lock.json"}
    needed |= {"blueprints", "core", "docs", "examples", "static", "templates"}

    assert all((ROOT / path).exists() for paths in copied for path in paths)
    assert needed <= kept
    assert all((ROOT / path).exists() for path in kept)
    assert "tests" not in kept


def test_the_images_health_check_says_how_it_goes(tmp_path):
    (check,) = (rest for rest in rest_of("HEALTHCHECK"))
    _, program, script = json.loads(check[check.index("[") :])
    openbuild = Openbuild(tmp_path / "var")
    script = script.replace(":8000", f":{openbuild.port}")

    def is_well():
        command = [sys.executable, program, script]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

    assert not is_well()
    try:
        openbuild.up()
        assert is_well()
    finally:
        openbuild.close()


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("nginx.conf", r"proxy_read_timeout (\d+)s"), ("Caddyfile", r"header_timeout (\d+)s")],
)
def test_a_proxy_waits_longer_than_any_caller_may(file, pattern):
    (patience,) = re.findall(pattern, text_of(file))

    assert int(patience) > endpoint.LONGEST_WAIT


@pytest.mark.parametrize(
    ("file", "pattern"),
    [("nginx.conf", r"client_max_body_size (\d+)m"), ("Caddyfile", r"max_size (\d+)MiB")],
)
def test_a_proxy_lets_openbuild_itself_refuse_what_is_too_large(file, pattern, tmp_path):
    (most,) = re.findall(pattern, text_of(file))
    usual = config.load({"OPENBUILD_HOME": str(tmp_path)}).max_body

    assert usual < int(most) * 1024**2 < usual * 1.2


def test_no_proxy_keeps_an_answer_back():
    assert "proxy_buffering off;" in text_of("nginx.conf")
    assert "flush_interval -1" in text_of("Caddyfile")


def test_the_folder_is_explained():
    page = (ROOT / "docs" / "operating" / "deploying.md").read_text()
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]

    unnamed = [path.name for path in files if path.name not in page]

    assert [name for name in unnamed if name != "Dockerfile.dockerignore"] == []
    assert Path("deploy").name in page
