import pytest

from core.runtime import workflows
from tests.integration.endpoints.conftest import ANSWER, ended, make_workspace, runs, the_run

NAMED = [{"key": "email"}, {"key": "total", "type": "number"}, {"key": "at", "type": "date"}]


def test_a_call_becomes_a_run_and_gets_its_answer(publish, call, worker):
    publish(reply="wait", parameters=[{"key": "name"}], steps=[
        {"id": "a", "type": "return_data", "inputs": {"body": {"hello": "{{ trigger.name }}"}}}
    ])  # fmt: skip

    answer = call(json={"name": "Ana"})

    assert answer.status_code == 200
    assert answer.json == {"status": "success", "response": {"hello": "Ana"}}
    assert answer.headers["X-Run-Id"] == the_run().id
    assert the_run().state == "succeeded"


def test_a_run_that_returns_nothing_answers_success(publish, call, worker):
    publish(reply="wait", steps=[])

    answer = call()

    assert (answer.status_code, answer.json) == (200, {"status": "success", "response": {}})


def test_an_immediate_reply_says_where_to_ask(publish, call, client, worker):
    publish()

    answer = call(json={"a": 1})

    assert answer.status_code == 202
    assert answer.json["status"] == "accepted"
    assert answer.json["run_id"] == answer.headers["X-Run-Id"] == the_run().id
    assert answer.headers["Location"] == answer.json["status_url"]
    assert answer.headers["Retry-After"] == "1"
    ended(answer.json["run_id"])
    path = answer.json["status_url"].split("8000", 1)[1]
    assert client.get(path).json["response"] == {"a": 1}


def test_a_202_is_sent_only_after_the_run_is_there(publish, call):
    publish()

    answer = call(json={})

    assert the_run().id == answer.json["run_id"]
    assert the_run().state == "queued"


def test_the_scope_of_a_call_is_complete(publish, call, key):
    publish(parameters=[{"key": "email", "type": "email"}], auth={"scheme": "api_key"})

    call("intake?page=2&tag=a&tag=b", json={"email": "ana@example.com", "more": [1]}, headers={
        **key(), "X-Thing": "1", "Cookie": "a=b", "X-Timezone": "Asia/Tokyo"
    })  # fmt: skip

    given = the_run().input
    assert given["email"] == "ana@example.com"
    assert given["query"] == {"page": "2", "tag": ["a", "b"]}
    assert given["body"] == {"email": "ana@example.com", "more": [1]}
    assert given["headers"]["x-thing"] == "1"
    assert not {"authorization", "cookie"} & set(given["headers"])
    assert (given["caller"]["kind"], given["caller"]["name"]) == ("key", "Web shop")
    assert the_run().timezone == "Asia/Tokyo"
    assert the_run().origin == "endpoint"


def test_all_bad_parameters_are_named_at_once(publish, call):
    publish(parameters=NAMED)

    answer = call(json={"total": "many"})

    assert answer.status_code == 400
    assert answer.json["statusCode"] == 400
    assert answer.json["body"] == {
        "status": "MISSING_DATA",
        "message": "Missing parameter for workflow intake: parameter email",
    }
    assert [(one["parameter"], one["code"]) for one in answer.json["errors"]] == [
        ("email", "MISSING_DATA"),
        ("total", "INVALID"),
        ("at", "MISSING_DATA"),
    ]
    assert runs() == []


def test_a_bad_value_names_the_type(publish, call):
    publish(parameters=NAMED[1:2])

    answer = call(json={"total": "many"})

    assert answer.json["body"] == {
        "status": "INVALID",
        "message": "Invalid value for parameter total (must be number)",
    }


def test_a_form_and_a_query_fill_parameters(publish, call):
    publish(parameters=[*NAMED[:2], {"key": "page", "type": "number", "in": "query"}])

    call("intake?page=3", data={"email": "ana@example.com", "total": "5"})

    assert {**the_run().input} | {"headers": 0, "body": 0, "query": 0, "caller": 0} == {
        "email": "ana@example.com",
        "total": 5,
        "page": 3,
        "headers": 0,
        "body": 0,
        "query": 0,
        "caller": 0,
    }


def test_a_get_reads_its_parameters_from_the_query(publish, call):
    publish(method="GET", parameters=NAMED[1:2])

    assert call("intake?total=7", "GET").status_code == 202
    assert the_run().input["total"] == 7


def test_dates_without_a_zone_are_the_workspace_s(publish, call):
    publish(parameters=NAMED[2:])

    call(json={"at": "2026-11-22T08:00"})

    assert the_run().input["at"] == "2026-11-22T07:00:00.000Z"


def test_an_unknown_zone_is_a_plain_refusal(publish, call):
    publish()

    answer = call(json={}, headers={"X-Timezone": "Mars/Olympus"})

    assert answer.status_code == 400
    assert "not a time zone" in answer.json["body"]["message"]


def test_unknown_unexposed_switched_off_and_unpublished_look_the_same(publish, call):
    publish("hidden", exposed=False)
    workflows.set_enabled(publish("off"), False, by="Olga")
    publish("unpublished", is_live=False)

    answers = [call(name, json={}) for name in ("unknown", "hidden", "off", "unpublished")]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert answers[0].json == {
        "statusCode": 404,
        "body": {"status": "NOT_FOUND", "message": "Workflow not found unknown"},
    }
    plain = {
        answer.text.replace(name, "…")
        for name, answer in zip(("unknown", "hidden", "off", "unpublished"), answers, strict=True)
    }
    assert len(plain) == 1
    assert {tuple(sorted(answer.headers.keys())) for answer in answers} == {
        tuple(sorted(answers[0].headers.keys()))
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_and_starts_nothing(publish, call, method):
    publish()

    answer = call(method=method, headers={"X-HTTP-Method-Override": "POST"})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert runs() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_head_and_options_never_start_a_run(publish, call, method):
    publish(method=method)

    assert call(method="HEAD").status_code == 405
    options = call(method="OPTIONS", headers={"Origin": "https://shop.example.com"})
    assert options.status_code == 204
    assert options.headers["Allow"] == f"{method}, OPTIONS"
    assert not [name for name in dict(options.headers) if name.lower().startswith("access-")]
    assert runs() == []


def test_a_condition_that_is_not_met_runs_nothing_but_leaves_a_trace(publish, call, worker):
    publish(parameters=NAMED[1:2], only_when="{{ trigger.total > 0 }}", reply="wait")

    answer = call(json={"total": 0})

    assert answer.status_code == 400
    assert answer.json["body"] == {
        "status": "NOT_RUN",
        "message": "The condition for the workflow intake is not met. Workflow won't run",
    }
    assert (the_run().state, the_run().reason) == ("succeeded", "not_run")
    assert call(json={"total": 1}).status_code == 200


def test_a_condition_that_is_not_met_may_answer_200(publish, call):
    publish(only_when="{{ trigger.body.go }}", not_run_status=200)

    answer = call(json={})

    assert (answer.status_code, answer.json) == (200, {"status": "success", "response": {}})
    assert answer.headers["X-Workflow-Status"] == "not_run"


def test_a_condition_that_cannot_be_computed_is_no_accident(publish, call):
    publish(only_when="{{ trigger.body.total > 0 }}")

    assert call(json={"total": "many"}).status_code == 400
    assert runs() == []


def test_a_failing_step_answers_500_with_the_run_s_id(publish, call, worker):
    publish(reply="wait", steps=[
        {"id": "no", "type": "stop", "inputs": {"outcome": "fail", "message": "Out of stock"}}
    ])  # fmt: skip

    answer = call(json={})

    assert answer.status_code == 500
    assert answer.json == {
        "statusCode": 500,
        "body": {
            "status": "WORKFLOW_ERROR",
            "message": "Out of stock",
            "run_id": the_run().id,
        },
    }
    assert answer.headers["X-Run-Id"] == the_run().id


@pytest.mark.parametrize("path", ["/api/1.1", "/main/api/1.1"])
def test_the_first_workspace_answers_with_and_without_its_name(publish, call, path):
    publish()

    assert call(at=f"{path}/wf/", json={}).status_code == 202


def test_another_workspace_answers_under_its_name(publish, call):
    other = make_workspace("sales")
    publish("intake", workspace=other)

    answer = call(at="/sales/api/1.1/wf/", json={})

    assert answer.status_code == 202
    assert "/sales/api/1.1/runs/" in answer.json["status_url"]
    assert call(json={}).status_code == 404
    assert call(at="/nowhere/api/1.1/wf/", json={}).status_code == 404


def test_an_older_version_runs_its_own_steps_and_parameters(publish, call):
    workflow = publish(parameters=NAMED[:1])
    newer = workflow.definition.to_json()
    newer["triggers"]["endpoint"]["parameters"] = NAMED[1:2]
    newer["triggers"]["endpoint"]["method"] = "PUT"
    workflows.replace_draft(workflow, type(workflow.definition).from_json(newer), by="Olga")
    workflows.publish(workflow, by="Olga")

    assert call("intake@1", "PUT", json={"email": "a"}).status_code == 202
    assert call("intake@2", "PUT", json={"total": 1}).status_code == 202
    assert call("intake", "PUT", json={"total": 1}).status_code == 202
    assert call("intake@1", "POST", json={"email": "a"}).status_code == 405
    assert len({run.version_id for run in runs()}) == 2
    for name in ("intake@3", "intake@0", "intake@", "intake@x", "intake@1@1", "intake@²"):
        assert call(name, "PUT", json={"total": 1}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/1.1/nothing", "/api/1.1/wf/a/b", "/main/api/1.1/x", "/version-test/api/1.1/y"]
)
def test_a_wrong_address_is_told_in_json(client, app, path):
    answer = client.post(path)

    assert answer.status_code == 404
    assert answer.json["body"]["status"] == "NOT_FOUND"


@pytest.mark.parametrize("name", ["a" * 101, "%00", "a%00b", "..%2f..", "'", "ä", "%ff", "INTAKE"])
def test_odd_names_are_simply_not_found(publish, call, name):
    publish()

    assert call(name, json={}).status_code == 404


def test_answers_are_never_kept_by_anybody_in_between(publish, call):
    publish()

    for answer in (call(json={}), call("unknown")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


def returning(**inputs):
    return [{"id": "a", "type": "return_data", "inputs": inputs}]


def test_data_with_a_content_type_is_sent_bare(publish, call, worker):
    publish(reply="wait", steps=returning(body="<b>hi</b>", content_type="text/html", status=201))

    answer = call(json={})

    assert (answer.status_code, answer.text) == (201, "<b>hi</b>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert "allow-same-origin" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_only_harmless_headers_of_an_author_are_sent(publish, call, worker):
    wanted = {"X-Order": "7", "Location": "/thanks", "Retry-After": "9"}
    refused = {"X-Run-Id": "0", "Server": "x", "Access-Control-Allow-Origin": "*", "X-Ü": "ü"}
    publish(reply="wait", steps=returning(headers=wanted | {"Server": "x"}, status=303))

    answer = call(json={})

    assert answer.status_code == 303
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert answer.headers.get("Server") != "x"
    assert answer.headers["X-Run-Id"] == the_run().id
    assert not set(refused) - {"X-Run-Id"} & set(answer.headers.keys())


def test_a_status_without_a_body_has_none(publish, call, worker):
    publish(reply="wait", steps=returning(status=204, body={"a": 1}))

    answer = call(json={})

    assert (answer.status_code, answer.data) == (204, b"")


def test_many_headers_and_odd_values_do_no_harm(publish, call):
    publish(steps=[ANSWER])

    answer = call(json={}, headers={f"X-{number}": "ÿ" * 50 for number in range(80)})

    assert answer.status_code == 202
