"""What an expression costs, as a multiple of a Python lambda that does the same."""

import json
import math
import timeit

from core.engine.expressions import parse, resolve

LINES = [{"sku": f"S{number}", "qty": number % 5, "price": 2.5} for number in range(100)]
SCOPE = {
    "trigger": {"customer": {"email": " Ada@Example.COM "}, "total": 1200, "items": LINES},
    "steps": {"clean": {"email": "ada@example.com"}},
}
BODY = {
    "to": "{{ steps.clean.email }}",
    "subject": "Order of {{ trigger.total }}",
    "lines": "{{ trigger.items }}",
    "kind": "order",
}
ROUNDS = 5
SECONDS = 0.02  # of one round of one side


def path(scope):
    return scope["trigger"].get("customer").get("email")


def condition(scope):
    return scope["trigger"]["total"] > 1000 and scope["steps"]["clean"]["email"] is not None


def pipes(scope):
    return scope["trigger"]["customer"]["email"].strip().lower()


def text(scope):
    return f"Order of {scope['trigger']['total']} for {scope['steps']['clean']['email']}"


def total(scope):
    lines = scope["trigger"]["items"]
    return sum(line["price"] * line["qty"] for line in lines if line["qty"] > 0)


PAIRS = {
    "a path": ("{{ trigger.customer.email }}", path),
    "a condition": ("{{ trigger.total > 1000 and steps.clean.email != null }}", condition),
    "two pipes": ("{{ trigger.customer.email | trim | lower }}", pipes),
    "a text of two": ("Order of {{ trigger.total }} for {{ steps.clean.email }}", text),
    "a sum over 100 lines": (
        "{{ [l.price * l.qty for l in trigger.items if l.qty > 0] | sum }}",
        total,
    ),
}


def measure():
    """How many times as long as plain Python each kind takes, in one run."""
    parts = [compare(name, parse(source), plain) for name, (source, plain) in PAIRS.items()]
    parts.append(rate("a step's input, against JSON", read_body, copy_body))
    ratio = math.exp(sum(math.log(part["ratio"]) for part in parts) / len(parts))
    return {"name": "expressions", "ratio": ratio, "parts": parts}


def compare(name, template, plain):
    assert template.evaluate(SCOPE) == plain(SCOPE)
    return rate(name, lambda: template.evaluate(SCOPE), lambda: plain(SCOPE))


def rate(name, ours, theirs):
    """The best of some rounds each, taken in turns so that both meet the same machine."""
    timers = [timeit.Timer(ours), timeit.Timer(theirs)]
    counts = [max(1, int(SECONDS / max(timer.timeit(20) / 20, 1e-8))) for timer in timers]
    rounds = [
        [timer.timeit(count) / count for timer, count in zip(timers, counts, strict=True)]
        for _ in range(ROUNDS)
    ]
    fastest = [min(times) for times in zip(*rounds, strict=True)]
    return {"name": name, "ratio": fastest[0] / fastest[1], "microseconds": fastest[0] * 1e6}


def read_body():
    return resolve(BODY, SCOPE)


def copy_body():
    return json.loads(json.dumps(BODY))


if __name__ == "__main__":
    for part in measure()["parts"]:
        print(f"{part['name']:30} {part['ratio']:6.1f} ×  {part['microseconds']:8.2f} µs")
