"""Runs for recordings: their steps, where they are cut, and what must come of them in the end."""

from dataclasses import dataclass, field
from typing import Any

from tests.unit.engine.machines import step

ADDRESS = "https://outside.test"


@dataclass(frozen=True)
class Scenario:
    """A run, what happens to it before it is recorded, and what has come of it at its end."""

    steps: list[Any]
    body: Any = None  # of its response
    cut_at: str = ""  # the request in the middle of which its worker dies
    refused: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    recorded_as: tuple[str, str | None] = ("running", None)
    input: dict[str, Any] = field(default_factory=dict)
    before: str = ""  # what happens between its first piece and the recording, by its name there
    answer: str = ""  # what somebody does after the recording, by the name in ANSWERS
    counted: dict[str, int] = field(default_factory=dict)  # stored values
    sends: tuple[str, ...] = ()  # what is still to be sent: step paths, `:r2` in a second round
    settings: dict[str, Any] = field(default_factory=dict)
    is_begun: bool = True


def put(id, path="", **more):
    return step(id, "call_api", method="PUT", url=f"{ADDRESS}/{path or id}", **more)


def post(id, **more):
    return step(id, "call_api", method="POST", url=f"{ADDRESS}/{id}", **more)


def count(id, key):
    return step(id, "increment_value", key=key, by=1)


def answer(body):
    return step("answer", "return_data", body=body)


def pause(id="pause"):
    return step(id, "wait", **{"for": "1h"})


CALLED = [step("call", "wait_for_call", timeout="30d"), answer({"came": "{{ steps.call.n }}"})]
ASKED = [
    step("ask", "ask_approval", who="ana@example.org", message="May it?", timeout="30d"),
    answer({"yes": "{{ steps.ask.approved }}", "by": "{{ steps.ask.by }}"}),
]
LOOP = {"list": [1, 2, 3], "collect": "{{ steps.send.body.path }}"}
SCENARIOS = {
    "never begun": Scenario(
        [count("once", "never begun"), answer({"n": "{{ trigger.n }}"})],
        {"n": 4},
        input={"n": 4},
        counted={"never begun": 1},
        recorded_as=("queued", None),
        is_begun=False,
    ),
    "in a loop": Scenario(
        [
            step(
                "loop",
                "for_each",
                branches={"body": [count("up", "in a loop"), put("send", "loop-{{ item }}")]},
                **LOOP,
            ),
            answer({"sent": "{{ steps.loop.results }}"}),
        ],
        {"sent": ["loop-1", "loop-2", "loop-3"]},
        cut_at="loop-2",
        counted={"in a loop": 3},
        sends=("loop/1/send", "loop/2/send"),
    ),
    "in turns side by side": Scenario(
        [
            step(
                "loop",
                "for_each",
                concurrency=2,
                branches={"body": [put("send", "side-{{ item }}"), pause()]},
                **LOOP,
            ),
            answer({"sent": "{{ steps.loop.results }}"}),
        ],
        {"sent": ["side-1", "side-2", "side-3"]},
        recorded_as=("waiting", "time"),
        sends=("loop/2/send",),
    ),
    "in a loop with a memory": Scenario(
        [
            step("begin", "set_variables", values={"n": 0}),
            step(
                "loop",
                "repeat",
                branches={
                    "body": [
                        step("up", "set_variables", values={"n": "{{ vars.n + 1 }}"}),
                        put("send", "repeat-{{ vars.n }}"),
                    ]
                },
                **{"while": "{{ vars.n < 3 }}"},
            ),
            answer({"n": "{{ vars.n }}"}),
        ],
        {"n": 3},
        cut_at="repeat-2",
        sends=("loop/1/send", "loop/2/send"),
    ),
    "in parallel": Scenario(
        [
            step(
                "both",
                "parallel",
                branches={
                    "a": [put("first", "parallel-a"), pause()],
                    "b": [pause("rest"), count("up", "in parallel"), put("last", "parallel-b")],
                },
            ),
            answer({"a": "{{ steps.first.body.path }}", "b": "{{ steps.both.b.body.path }}"}),
        ],
        {"a": "parallel-a", "b": "parallel-b"},
        recorded_as=("waiting", "time"),
        counted={"in parallel": 1},
        sends=("last",),
    ),
    "in a branch": Scenario(
        [
            step(
                "way",
                "branch",
                branches={
                    "many": {"only_when": "{{ trigger.n > 3 }}", "steps": [put("taken", "branch")]},
                    "few": {"steps": [put("untaken", "few")]},
                },
            ),
            answer({"taken": "{{ steps.way.taken }}"}),
        ],
        {"taken": ["many"]},
        input={"n": 4},
        cut_at="branch",
        sends=("taken",),
    ),
    "in a finally": Scenario(
        [
            step(
                "guard",
                "try",
                branches={
                    "try": [put("broken"), put("never")],
                    "catch": [answer({"caught": "{{ error.status }}"})],
                    "finally": [count("up", "in a finally"), put("close", "finally")],
                },
            ),
        ],
        {"caught": 400},
        refused=("broken",),
        cut_at="finally",
        counted={"in a finally": 1},
        sends=("close",),
    ),
    "in a catch": Scenario(
        [
            step(
                "guard",
                "try",
                branches={
                    "try": [put("broken")],
                    "catch": [put("mend", "catch"), answer({"said": "{{ error.kind }}"})],
                },
            ),
        ],
        {"said": "http"},
        refused=("broken",),
        cut_at="catch",
        sends=("mend",),
    ),
    "waiting for time": Scenario(
        [put("before", "time"), pause(), answer({"before": "{{ steps.before.status }}"})],
        {"before": 200},
        recorded_as=("waiting", "time"),
    ),
    "waiting for a call": Scenario(
        CALLED, {"came": 7}, recorded_as=("waiting", "call"), answer="call"
    ),
    "waiting for a person": Scenario(
        ASKED, {"yes": True, "by": "Ana"}, recorded_as=("waiting", "approval"), answer="approve"
    ),
    "waiting for a child": Scenario(
        [
            step("ask", "run_workflow", workflow="child", parameters={"n": 4}),
            answer({"child": "{{ steps.ask }}"}),
        ],
        {"child": {"double": 8}},
        recorded_as=("waiting", "child"),
    ),
    "waiting to try again": Scenario(
        [
            put("busy", retry={"attempts": 3, "wait": "1h"}),
            answer({"s": "{{ steps.busy.status }}"}),
        ],
        {"s": 200},
        busy=("busy",),
        recorded_as=("waiting", "retry"),
        sends=("busy",),
    ),
    "outcome unknown": Scenario(
        [post("pay"), answer({"paid": "{{ steps.pay.body.id }}"})],
        {"paid": 7},
        cut_at="pay",
        before="ask what happened",
        recorded_as=("waiting", "unknown_outcome"),
        answer="happened",
    ),
    "failed": Scenario(
        [count("up", "failed"), put("refused"), answer({"path": "{{ steps.refused.body.path }}"})],
        {"path": "refused"},
        refused=("refused",),
        recorded_as=("failed", None),
        counted={"failed": 1},
        answer="retry",
        sends=("refused:r2",),
    ),
    "taken up again": Scenario(
        [count("up", "taken up"), put("refused"), put("late"), answer({"done": True})],
        {"done": True},
        refused=("refused",),
        before="take up again",
        counted={"taken up": 1},
        sends=("late",),
    ),
    "answered and asleep": Scenario(
        [answer({"early": 1}), pause(), count("up", "answered")],
        {"early": 1},
        recorded_as=("waiting", "time"),
        counted={"answered": 1},
    ),
    "behind code": Scenario(
        [
            step("code", "run_code", code="return n * 2", values={"n": "{{ trigger.n }}"}),
            put("send", "code"),
            answer({"n": "{{ steps.code }}"}),
        ],
        {"n": 8},
        input={"n": 4},
        cut_at="code",
        sends=("send",),
    ),
    "with a time limit around it": Scenario(
        [
            step("block", "try", timeout="30d", branches={"try": [pause()], "finally": []}),
            answer({"on_time": True}),
        ],
        {"on_time": True},
        recorded_as=("waiting", "time"),
    ),
    "stopped in a finally": Scenario(
        [
            step(
                "guard",
                "try",
                branches={
                    "try": [step("enough", "stop", outcome="succeed", message="enough")],
                    "finally": [put("close", "stopped")],
                },
            ),
            count("never", "stopped"),
        ],
        None,
        cut_at="stopped",
        sends=("close",),
    ),
}
CHILD = [pause(), answer({"double": "{{ trigger.n * 2 }}"})]
