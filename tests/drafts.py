"""Drafts as tests write them, and what the checker says of them."""

from core.auth_schemes import auth_schemes
from core.engine import checking
from core.engine.checking import KnownWorkflow, Surroundings
from core.engine.definition import Definition
from core.steps import step_types

CONNECTIONS = {"stock": "http_api", "github": "webhook_secret"}
WORKFLOWS = {"alert-ops": KnownWorkflow(), "welcome": KnownWorkflow()}
WAITING = {"exposed": True, "auth": {"scheme": "api_key"}}


def problems_of(steps, triggers=None, settings=None, **around):
    definition = Definition.from_json(
        {"triggers": triggers or {}, "settings": settings or {}, "steps": steps}
    )
    known = {"connections": CONNECTIONS, "workflows": WORKFLOWS} | around
    return checking.problems(
        definition,
        step_types=step_types(),
        auth_schemes=auth_schemes(),
        surroundings=Surroundings(**known),
    )


def codes_of(*arguments, **around):
    return [problem.code for problem in problems_of(*arguments, **around)]


def the_only(problems):
    assert len(problems) == 1, problems
    return problems[0]


def where(problem):
    return problem.step_id, problem.field, problem.code, problem.severity


def compose(step_id, value, **options):
    return {"id": step_id, "type": "compose", "inputs": {"value": value}, **options}


def log(step_id, message, **options):
    return {"id": step_id, "type": "log_message", "inputs": {"message": message}, **options}


def answer(step_id, body=None, **options):
    return {
        "id": step_id,
        "type": "return_data",
        "inputs": {"body": body or {"ok": True}},
    } | options


def stop(step_id, outcome="succeed", **options):
    return {"id": step_id, "type": "stop", "inputs": {"outcome": outcome}, **options}


def run(step_id, workflow, **inputs):
    return {"id": step_id, "type": "run_workflow", "inputs": {"workflow": workflow, **inputs}}


def remember(step_id, **values):
    return {"id": step_id, "type": "set_variables", "inputs": {"values": values}}


def block(step_id, kind, inputs=None, **paths):
    branches = [
        path if isinstance(path, dict) else {"key": key, "steps": path}
        for key, path in paths.items()
    ]
    return {"id": step_id, "type": kind, "inputs": inputs or {}, "branches": branches}


def path(key, condition, *steps):
    return {"key": key, "only_when": condition, "steps": list(steps)}
