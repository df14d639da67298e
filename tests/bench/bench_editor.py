"""What drawing a large workflow costs, as a multiple of a plain list of as many rows."""

import math
import time
import timeit
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from blueprints.editor import canvas
from blueprints.editor.workbench import At
from core.engine.definition import Definition

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
STEPS = 200
ROUNDS = 7
PLAIN = """<ol>{% for row in rows %}<li id="{{ row.id }}"><a href="/?step={{ row.id }}">\
<b>{{ row.name }}</b> {{ row.about }}</a></li>{% endfor %}</ol>"""
WHOLE = """{% from "editor/_node.html" import steps %}{{ steps(nodes, "root", "first", at) }}"""


def a_large_workflow():
    """200 steps, a quarter of them blocks with paths."""
    steps = []
    for number in range(0, STEPS, 4):
        inner = [
            {"id": f"s{number + 1}", "type": "log_message", "inputs": {"message": "yes"}},
            {"id": f"s{number + 2}", "type": "log_message", "inputs": {"message": "yes again"}},
        ]
        rows = {"all": [{"left": "{{ trigger.total }}", "is": "greater_than", "right": number}]}
        branches = [
            {"key": "yes", "only_when": rows, "steps": inner},
            {"key": "otherwise", "steps": []},
        ]
        steps.append({"id": f"s{number}", "type": "branch", "branches": branches})
        last = {"id": f"s{number + 3}", "type": "compose", "inputs": {"value": {"a": number}}}
        steps.append(last)
    return Definition.from_json({"steps": steps})


def measure():
    """How many times as long as a plain list each part of drawing the canvas takes."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.globals["icon_sprite_url"] = lambda: "/icons.svg"
    definition, at = a_large_workflow(), At("/build?", "s4", True, False, "/icons.svg")
    nodes = canvas.Builder().nodes(definition)
    cards = [node.card for node in canvas.walk(nodes)]
    plain, whole = environment.from_string(PLAIN), environment.from_string(WHOLE)
    raw = best(lambda: plain.render(rows=cards))
    parts = {
        "drawing a canvas of 200 steps": lambda: whole.render(nodes=nodes, at=at),
        "cards, places and paths of 200 steps": lambda: canvas.Builder().nodes(definition),
    }
    measured = [(name, best(part)) for name, part in parts.items()]
    return {
        "name": "editor",
        "ratio": math.exp(sum(math.log(took / raw) for _, took in measured) / len(measured)),
        "parts": [
            {"name": name, "ratio": took / raw, "microseconds": took * 1e6}
            for name, took in measured
        ],
    }


def best(work):
    """Seconds of this process's own time: other jobs of the machine do not count."""
    return min(timeit.repeat(work, number=1, repeat=ROUNDS, timer=time.process_time))


if __name__ == "__main__":
    for part in measure()["parts"]:
        print(f"{part['name']:40} {part['ratio']:6.1f} ×  {part['microseconds'] / 1000:6.1f} ms")
