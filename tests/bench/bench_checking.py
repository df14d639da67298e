"""What an edit of a large draft costs, as a multiple of reading its JSON."""

import json
import math
import timeit

from core.auth_schemes import auth_schemes
from core.engine import checking, editing, scope
from core.engine.definition import Definition
from core.steps import step_types

STEPS = 200
ROUNDS = 5


def a_large_draft():
    """Loops with branches in them, 200 steps in all, every one reading an earlier one."""
    steps = [{"id": "s0", "type": "compose", "inputs": {"value": "{{ trigger.total }}"}}]
    for number in range(1, STEPS, 4):
        reads = f"{{{{ (steps.s{number - 1}.count | default(0)) + {number} }}}}"
        inner = [
            {"id": f"s{number + 1}", "type": "compose", "inputs": {"value": {"a": reads}}},
            {"id": f"s{number + 2}", "type": "log_message", "inputs": {"message": reads}},
        ]
        rows = {"all": [{"left": reads, "is": "greater_than", "right": 3}]}
        choice = {
            "id": f"s{number}",
            "type": "branch",
            "branches": [{"key": "yes", "only_when": rows, "steps": inner}],
        }
        last = {"id": f"s{number + 3}", "type": "compose", "inputs": {"value": reads}}
        steps += [choice, last]
    return Definition.from_json({"triggers": {}, "settings": {}, "steps": steps})


def check(definition):
    return checking.problems(
        definition,
        step_types=step_types(),
        auth_schemes=auth_schemes(),
        surroundings=checking.Surroundings(),
    )


def edit(definition):
    change = {"op": "change_step", "id": f"s{STEPS - 2}", "changes": {"label": "Changed"}}
    return editing.apply(definition, change)


def measure():
    """How many times as long as reading the draft's JSON each part of an edit takes."""
    definition = a_large_draft()
    text = json.dumps(definition.to_json())
    read = best(lambda: Definition.from_json(json.loads(text)))
    last = definition.steps[-1].id
    parts = {
        "checking a draft of 200 steps": lambda: check(definition),
        "changing one of 200 steps": lambda: edit(definition),
        "what the picker offers at the last of 200": lambda: scope.scope_at(
            definition, last, step_types()
        ),
    }
    measured = [(name, best(part)) for name, part in parts.items()]
    return {
        "name": "checking",
        "ratio": math.exp(sum(math.log(took / read) for _, took in measured) / len(measured)),
        "parts": [
            {"name": name, "ratio": took / read, "microseconds": took * 1e6}
            for name, took in measured
        ],
    }


def best(part):
    """Seconds of the fastest round."""
    part()
    return min(timeit.repeat(part, number=1, repeat=ROUNDS), default=math.inf)


if __name__ == "__main__":
    for part in measure()["parts"]:
        print(f"{part['name']:42} {part['ratio']:6.1f} ×  {part['microseconds']:8.0f} µs")
