"""Calls through nginx and Caddy, as deploy/ sets them up; on machines that have them."""

import getpass
import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

from tests.openbuild import ROOT, Openbuild, free_port
from tests.waiting import wait_until

DEPLOY = ROOT / "deploy"
NGINX = """
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/openbuild.conf;
}}
"""
ECHO = """
openbuild: 1
workflow: echo
triggers:
  endpoint:
    exposed: true
    auth: {scheme: open}
    reply: wait
    allowed_addresses: [127.0.0.1]
steps:
  - {id: answer, type: return_data, inputs: {body: {host: "{{ trigger.headers.host }}"}}}
"""


def nginx(folder, port, webs):
    """nginx with our file, without what only a real address has: TLS, and port 80."""
    own = (DEPLOY / "nginx.conf").read_text()
    lines = [line for line in own.splitlines() if "ssl_" not in line and "[::]" not in line]
    text = "\n".join(lines).replace("listen 443 ssl http2", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 80", f"listen 127.0.0.1:{free_port()}")
    servers = "\n".join(f"server 127.0.0.1:{web} max_fails=1 fail_timeout=2s;" for web in webs)
    text = text.replace("server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;", servers)
    (folder / "openbuild.conf").write_text(text)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=getpass.getuser()))
    return ["-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(folder, port, webs):
    """Caddy with our file, on a port of the test and without certificates."""
    upstream = " ".join(f"127.0.0.1:{web}" for web in webs)
    text = (DEPLOY / "Caddyfile").read_text()
    text = text.replace("{$SITE:localhost}", f"http://127.0.0.1:{port}")
    text = text.replace("{$UPSTREAM:127.0.0.1:8000}", upstream)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES = {"nginx": nginx, "caddy": caddy}


class Site:
    """Two web processes and a worker behind one proxy."""

    def __init__(self, folder, kind, program, database_url):
        self.openbuild = Openbuild(folder / "var", database_url)
        self.port, self.webs = free_port(), [self.openbuild.port, free_port()]
        self.url = f"http://127.0.0.1:{self.port}"
        self.given = {
            "OPENBUILD_BASE_URL": "https://flows.example.com",
            "OPENBUILD_TRUSTED_PROXIES": "127.0.0.1",
        }
        self.openbuild.up(**self.given)
        file = folder / "echo.yaml"
        file.write_text(ECHO)
        told = self.openbuild.run("workflows", "apply", str(file), "--publish")
        assert told.returncode == 0, told.stderr
        self.second = self.web()
        command = [program, *PROXIES[kind](folder, self.port, self.webs)]
        with (folder / "proxy.log").open("w") as log:
            self.proxy = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        wait_until(lambda: self.get("/health/live")[0] == 200, 20)

    def web(self):
        words = [sys.executable, "-P", "-m", "blueprints.cli", "web", "--port", str(self.webs[1])]
        given = self.openbuild.environment(**self.given)
        socket = self.openbuild.home / "run" / "valkey.sock"
        given["OPENBUILD_REDIS_URL"] = f"unix://{socket}"
        with (self.openbuild.home / "second.log").open("a") as log:
            process = subprocess.Popen(words, env=given, stdout=log, stderr=log)
        wait_until(lambda: ask(f"http://127.0.0.1:{self.webs[1]}/health/live")[0] == 200, 20)
        return process

    def get(self, path):
        return ask(self.url + path)

    def call(self, body=b"{}", **headers):
        return ask(f"{self.url}/api/1.1/wf/echo", body, headers)

    def close(self):
        for process in (self.proxy, self.second):
            process.terminate()
            process.wait(40)
        self.openbuild.close()


def ask(url, body=None, headers=()):
    headers = {"Content-Type": "application/json", **dict(headers)}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as got:
            return got.status, got.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


@pytest.fixture(scope="module", params=PROXIES)
def site(request, tmp_path_factory, fresh_database):
    program = shutil.which(request.param, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip(f"{request.param} is not on this machine")
    made = Site(tmp_path_factory.mktemp("proxy"), request.param, program, fresh_database())
    yield made
    made.close()


def test_a_caller_cannot_say_who_it_is(site):
    status, said = site.call(
        **{"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.example"}
    )

    assert status == 200, said
    assert json.loads(said)["response"]["host"].startswith("127.0.0.1")


@pytest.mark.parametrize("site", ["nginx"], indirect=True)
def test_openbuild_itself_says_that_a_body_is_too_large(site):
    status, said = site.call(b'"' + b"x" * (10 * 1024 * 1024) + b'"')

    assert status == 413
    assert json.loads(said)["statusCode"] == 413


@pytest.mark.parametrize("site", ["nginx"], indirect=True)
def test_calls_go_on_while_web_processes_are_restarted_in_turn(site):
    """A connection that is being handed over just when a process ends may be lost with it."""
    answers, over = [], threading.Event()

    def keep_calling():
        while not over.is_set():
            answers.append(site.call()[0])
            time.sleep(0.01)

    threads = [threading.Thread(target=keep_calling) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        site.second.terminate()
        assert site.second.wait(40) == 0
        site.second = site.web()
    over.set()
    for thread in threads:
        thread.join()

    assert len(answers) > 20
    found = Counter(answers)
    assert set(found) <= {200, 502}
    assert found[502] <= len(answers) / 100
