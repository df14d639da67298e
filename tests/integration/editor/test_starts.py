"""The panel “Starts when”: the URL, who may call it, and what a caller sends."""

import json

import pytest

from core.runtime import connections, workflows
from core.runtime.connections import Values
from core.storage.db import db
from core.storage.token import Token
from tests.people import HTMX


def row(number, key, type="text", needed=True, was=None):
    name = f"parameters.rows.{number}"
    values = {f"{name}.key": key, f"{name}.type": type, f"{name}.was": key if was is None else was}
    return {**values, f"{name}.needed": "true"} if needed else values


def test_switching_it_on_the_first_time_asks_callers_for_a_key(editor):
    workflows.edit_draft(
        editor.workflow,
        editor.workflow.revision,
        {"op": "change_triggers", "changes": {"endpoint": None}},
        by="Max",
    )
    editor.send("starts/called", {"on": "true"})

    endpoint = editor.draft.triggers["endpoint"]
    assert (endpoint["exposed"], endpoint["auth"]) == (True, {"scheme": "api_key"})


def test_switching_it_off_keeps_its_parameters(editor):
    editor.send("starts/called", {"on": "false"})

    endpoint = editor.draft.triggers["endpoint"]
    assert not endpoint.get("exposed")
    assert [parameter["key"] for parameter in endpoint["parameters"]] == ["email", "total"]


def test_settings_of_the_url_are_saved_and_defaults_left_out(editor):
    editor.send(
        "starts",
        {
            "fields": "endpoint",
            "endpoint.method": "GET",
            "endpoint.reply": "immediate",
            "endpoint.wait_seconds": "30",
        },
    )

    endpoint = editor.draft.triggers["endpoint"]
    assert (endpoint["method"], endpoint["reply"]) == ("GET", "immediate")
    assert "wait_seconds" not in endpoint


def test_who_may_call_is_chosen(editor):
    answer = editor.send(
        "starts", {"fields": "auth", "auth.scheme": "open", "action": "redraw", "target": "auth"}
    )

    assert editor.draft.triggers["endpoint"]["auth"] == {"scheme": "open"}
    assert "nyone who knows the URL can start this workflow" in answer.text


def test_only_connections_that_hold_a_shared_secret_are_offered_for_signed_calls(editor):
    room, by = editor.workflow.workspace_id, "Max"
    key = Values("Stock", {"base_url": "https://stock.example"}, {"key": "k1"})
    signing = Values("Hub", {}, {"secret": "s1"})
    connections.create(room, "stock", "http_api", values=key, by=by)
    connections.create(room, "hub", "webhook_secret", values=signing, by=by)

    answer = editor.send(
        "starts",
        {"fields": "auth", "auth.scheme": "signature", "action": "redraw", "target": "auth"},
    )

    assert '<option value="hub"' in answer.text
    assert '<option value="stock"' not in answer.text


def test_parameters_are_typed_in(editor):
    editor.send(
        "starts", {"fields": "parameters", **row(0, "name"), **row(1, "tags", "text[]", False)}
    )

    assert editor.draft.triggers["endpoint"]["parameters"] == [
        {"key": "name", "type": "text"},
        {"key": "tags", "type": "text", "list": True, "optional": True},
    ]


def test_what_the_form_does_not_show_of_a_parameter_stays(editor):
    limits = {"key": "total", "type": "number", "min": 0, "max": 10}
    workflows.edit_draft(
        editor.workflow,
        editor.workflow.revision,
        {"op": "change_triggers", "changes": {"endpoint.parameters": [limits]}},
        by="Max",
    )
    editor.send("starts", {"fields": "parameters", **row(0, "amount", "number", was="total")})

    assert editor.draft.triggers["endpoint"]["parameters"] == [
        {"key": "amount", "type": "number", "min": 0, "max": 10}
    ]


def test_a_parameter_is_removed_and_a_blank_one_is_not_stored(editor):
    rows = {**row(0, "email", "email"), **row(1, "total", "number")}
    answer = editor.send(
        "starts", {**rows, "fields": "", "action": "add-row", "target": "parameters"}
    )
    assert "parameters.rows.2.key" in answer.text
    editor.send(
        "starts", {**rows, "fields": "", "action": "remove-row", "target": "parameters", "row": "0"}
    )

    assert [p["key"] for p in editor.draft.triggers["endpoint"]["parameters"]] == ["total"]


def test_an_example_body_declares_the_parameters(editor):
    example = {"order": {"id": 1}, "total": 2.5, "lines": [{"sku": "A"}], "at": "2026-01-01"}
    editor.send("starts/parameters", {"example": json.dumps(example)})

    found = {p["key"]: (p["type"], p.get("list", False)) for p in parameters(editor)}
    assert found == {
        "order": ("object", False),
        "total": ("number", False),
        "lines": ("object", True),
        "at": ("date", False),
    }


@pytest.mark.parametrize("example", ['{"a": ', "", "[1, 2]"])
def test_an_example_that_says_nothing_changes_nothing(editor, example):
    before = parameters(editor)
    answer = editor.send("starts/parameters", {"example": example})

    assert answer.status_code == 422
    assert parameters(editor) == before


def test_the_last_call_declares_the_parameters(editor, work):
    from core.runtime import runs

    runs.start_test(editor.workflow, {"body": {"name": "Ana", "age": 3}}, by="Max")
    work()
    editor.send("starts/parameters", {"source": "last-call"})

    assert [p["key"] for p in parameters(editor)] == ["name", "age"]


def test_a_key_for_a_day_is_shown_once_in_a_line_to_paste(editor_of, people):
    editor = editor_of(people.olga)
    answer = editor.send("starts/key", {})
    later = editor.client.get(f"{editor.url}/build?step=start", headers=HTMX)

    db.session.rollback()
    token = db.session.scalars(db.select(Token)).one()
    assert token.scopes == ["run:order-intake"]
    assert "Bearer ob_" in answer.text
    assert "Bearer ob_" not in later.text


def test_who_may_not_make_keys_gets_none(editor):
    assert editor.send("starts/key", {}).status_code == 403


def test_the_first_card_follows(editor):
    answer = editor.send("starts", {"fields": "endpoint", "endpoint.method": "PUT"})

    assert "PUT /order-intake" in answer.text


def parameters(editor):
    return editor.draft.triggers["endpoint"]["parameters"]
