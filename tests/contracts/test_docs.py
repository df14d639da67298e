"""The documentation keeps its word: it renders, its links lead somewhere, its examples run."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from blueprints.docs import rendering, shelf
from core import auth_schemes, connectors, steps
from core.engine import signatures
from core.engine.http_messages import HttpFailed, OutgoingRequest
from core.runtime import connections, outgoing, runs, tokens, workflow_files, workspaces
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

ROOT = Path(__file__).resolve().parents[2]
PAGES = shelf.pages()
NAMES = [page.name for page in PAGES]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
YAML = re.compile(r"```yaml\n(openbuild: .*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
FILE = re.compile(r"`(core/\w+)/(\w+)\.py`:\n\n```python")
HELP = re.compile(r'help_link\("([^"]+)"(?:[^)]*anchor="([^"]+)")?')
CODE = re.compile(r"<pre.*?</pre>|<code.*?</code>|value=\"[^\"]*\"", re.DOTALL)
REST = re.compile(r"\]\(|^\||^#|\*\*", re.MULTILINE)
WITH_EXAMPLE = [page for page in PAGES if FILE.search(page.text)]
CATALOGUES = {
    "core/steps": (steps, steps.step_types),
    "core/auth_schemes": (auth_schemes, auth_schemes.auth_schemes),
    "core/connectors": (connectors, connectors.connectors),
}


def text_of(name):
    return shelf.find(name).text


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Put a page's example where the page says; returns the name under which it is imported."""
    undone = []

    def added(name):
        match, source = FILE.search(text_of(name)), PYTHON.search(text_of(name))[1]
        package, key = match[1].replace("/", "."), match[2]
        folder, where = tmp_path / package, import_module(package)
        folder.mkdir()
        (folder / f"{key}.py").write_text(source)
        monkeypatch.setattr(where, "__path__", [*where.__path__, str(folder)])
        undone.append(f"{package}.{key}")
        if match[1] in CATALOGUES:
            cache = CATALOGUES[match[1]][1]
            cache.cache_clear()
            undone.append(cache)
        return f"{package}.{key}"

    yield added
    for thing in undone:
        sys.modules.pop(thing, None) if isinstance(thing, str) else thing.cache_clear()


@pytest.fixture
def workspace(people):
    return workspaces.first()


def publish(workspace, file):
    """Apply a workflow's file and publish it; the workflow."""
    workflow_files.apply(workspace.id, [file], by="Olga", publish=True)
    name = re.search(r"^workflow: (\S+)$", file, re.MULTILINE)[1]
    return Workflow.named(workspace.id, name)


def test_every_page_has_a_title_and_its_own_place():
    titles = [page.title for page in PAGES]

    assert len(PAGES) > 15
    assert len(set(titles)) == len(titles)
    assert all(page.title != page.name for page in PAGES)
    assert NAMES[0] == "introduction"


def test_every_page_is_drawn_without_a_rest_of_markdown(app):
    wrong = []
    for page in PAGES:
        written = drawn(app, page)
        outside_code = CODE.sub("", written)
        bare_pictures = written.count("<img ") - written.count('<img src="/docs/files/')
        if REST.search(outside_code) or "```" in written or " style=" in written or bare_pictures:
            wrong.append(page.name)
    assert wrong == []


def test_every_link_inside_the_documentation_leads_to_something(app):
    with app.test_request_context():
        wrong = [
            (page.name, target)
            for page in PAGES
            for target in LINK.findall(page.text)
            if not is_there(page, target)
        ]

    assert wrong == []


def is_there(page, target):
    path, _, anchor = target.partition("#")
    if path and rendering.address(page, target) is None:
        return False
    if not anchor:
        return True
    place = (ROOT / "docs" / page.folder / path).resolve() if path else None
    name = place.relative_to(ROOT / "docs").with_suffix("").as_posix() if place else page.name
    sections = rendering.render_page(shelf.find(name)).sections
    return anchor in {section.anchor for section in sections}


def test_every_test_that_is_named_exists():
    missing = []
    for path, name in {named for page in PAGES for named in TEST.findall(page.text)}:
        file = ROOT / path
        if not file.exists() or (name and f"def {name}(" not in file.read_text()):
            missing.append((path, name))
    assert missing == []


def test_no_promise_is_without_its_test():
    text = text_of("operating/guarantees")
    tables = [row for row in text.splitlines() if row.startswith("| ") and row.endswith(" |")]
    promises = [row for row in tables if row.count("|") > 2 and row.split("|")[1].endswith(". ")]

    assert len(promises) > 25
    assert [row for row in promises if not TEST.search(row)] == []


def test_help_on_pages_leads_to_pages_that_exist(app):
    wrong = []
    for template in (ROOT / "templates").rglob("*.html"):
        for name, anchor in HELP.findall(template.read_text()):
            page = shelf.find(name)
            if page is None:
                wrong.append((template.name, name))
            elif anchor and f'id="{anchor}"' not in drawn(app, page):
                wrong.append((template.name, anchor))
    assert wrong == []


def drawn(app, page):
    with app.test_request_context():
        return rendering.render_page(page).html


def test_every_sender_and_every_kind_of_connection_is_named():
    senders = [shape.name for shape in signatures.PRESETS.values()]
    kinds = [kind.label for kind in connectors.connectors().values()]

    assert [name for name in senders if name not in text_of("learning/calls-and-keys")] == []
    assert [label for label in kinds if label not in text_of("learning/connections")] == []


@pytest.mark.parametrize("guide", WITH_EXAMPLE, ids=lambda guide: guide.name)
def test_an_example_takes_ten_lines(guide):
    source = PYTHON.search(guide.text)[1]
    documented = ast.get_docstring(ast.parse(source))

    code = [line for line in source.splitlines() if line and documented not in line]

    assert len(code) <= 10


def test_all_four_kinds_have_their_example():
    names = [page.name for page in WITH_EXAMPLE]

    assert names == [
        f"extending/{kind}" for kind in ("step", "trigger", "auth-scheme", "connector")
    ]


def test_the_step_runs(workspace, work, added):
    added("extending/step")
    initials = {"id": "short", "type": "initials", "inputs": {"name": "{{ trigger.body.name }}"}}
    answer = {"id": "answer", "type": "return_data", "inputs": {"body": "{{ steps.short }}"}}
    file = f"openbuild: 1\nworkflow: short\nsteps: {[initials, answer]}\n"

    run = runs.start_by_hand(publish(workspace, file), {"body": {"name": "Ada king"}}, by="Olga")
    work()

    assert ended(run).response["body"] == "AK"


def ended(run):
    db.session.rollback()
    run = db.session.get(Run, run.id, populate_existing=True)
    assert run.state == "succeeded", run.error
    return run


def test_the_trigger_starts_a_run_once_for_each_file(
    workspace, work, added, tmp_path, people, client_of
):
    look = import_module(added("extending/trigger")).look
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.txt").write_text("hello")
    (inbox / "b.txt").write_text("world")
    answer = {"id": "answer", "type": "return_data", "inputs": {"body": "{{ trigger.text }}"}}
    workflow = publish(workspace, f"openbuild: 1\nworkflow: read\nsteps: {[answer]}\n")

    look(workflow, inbox)
    look(workflow, inbox)
    work()

    started = list(db.session.scalars(db.select(Run).order_by(Run.origin_key)))
    assert [ended(run).response["body"] for run in started] == ["hello", "world"]
    page = client_of(people.olga).get(f"/runs/{started[0].id}")
    assert page.status_code == 200


def test_the_auth_scheme_lets_in_whom_it_says(workspace, client, work, added):
    added("extending/auth-scheme")
    publish(workspace, YAML.search(text_of("extending/auth-scheme"))[1] + "\n")
    _, partner = tokens.create(workspace.id, "Partner Lindgren", created_by="Olga")
    _, other = tokens.create(workspace.id, "Web shop", created_by="Olga")

    def call(key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return client.post("/api/1.1/wf/for-partners", headers=headers).status_code

    assert (call(), call(other)) == (401, 403)
    assert run_count() == 0
    assert call_immediately(workspace, client, partner) == 202
    assert run_count() == 1


def call_immediately(workspace, client, key):
    """Call without waiting for a worker."""
    file = YAML.search(text_of("extending/auth-scheme"))[1]
    publish(workspace, file.replace("exposed: true", "exposed: true, reply: immediate"))
    headers = {"Authorization": f"Bearer {key}"}
    return client.post("/api/1.1/wf/for-partners", headers=headers).status_code


def run_count():
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Run))


def test_the_connector_signs_for_its_own_address_alone(workspace, added):
    added("extending/connector")
    values = connections.Values("Weather", {}, {"key": "k-1"})
    connections.create(workspace.id, "weather", "weather", values=values, by="Olga")

    signer = outgoing.find_signer(workspace.id, "weather")
    signed = outgoing.sign(OutgoingRequest("GET", "/today"), signer)

    assert signed.url == "https://api.weather.example/today"
    assert signed.headers == {"X-Weather-Key": "k-1"}
    with pytest.raises(HttpFailed, match="Nothing was sent"):
        outgoing.sign(OutgoingRequest("GET", "https://elsewhere.example/"), signer)


def test_the_new_kinds_show_in_the_product(workspace, people, client_of, added):
    added("extending/step")
    added("extending/connector")
    added("extending/auth-scheme")
    file = YAML.search(text_of("extending/auth-scheme"))[1]
    workflow = publish(workspace, file)
    olga = client_of(people.olga)

    assert "The first letters of a name." in olga.get(f"/workflows/{workflow.id}/library").text
    assert "Weather service" in olga.get("/connections/new").text
    assert "Only partners&#39; keys" in olga.get(f"/workflows/{workflow.id}/build?step=start").text


@pytest.mark.parametrize(
    "file", [file for page in PAGES for file in YAML.findall(page.text) if "partner" not in file]
)
def test_every_workflow_that_is_shown_can_be_published(workspace, file):
    assert publish(workspace, file).published is not None


def test_the_first_workflow_answers_as_the_page_says(workspace, work):
    text = text_of("first-workflow")
    workflow = publish(workspace, YAML.search(text)[1])
    given = re.search(r"-d '(\{.*?\})'", text)[1]
    answer = re.search(r"```json\n(.*?)\n```", text, re.DOTALL)[1]

    run = runs.start_by_hand(workflow, ast.literal_eval(given), by="Olga")
    work()

    assert ast.literal_eval(answer)["response"] == ended(run).response["body"]
