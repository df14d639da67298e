"""Workflows of any shape, as authors might build them and as nobody would.

What is decided by which of two things happens first is left out: paths and turns that run side by
side go on when one of them fails, and no `stop` is among them.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from tests.unit.engine.machines import World, step

DEEPEST = 3
SUM = "(vars.sum | default(0))"
LOOPS = [("while", "index < 2"), ("until", "index > 0"), ("while", f"{SUM} < 3")]


class MoodyWorld(World):
    """What is called `bad` always fails, and `flaky` the first two times that it is tried."""

    def perform(self, perform):
        self.calls.append(perform.key)
        match perform.step.id.rstrip("0123456789"):
            case "bad":
                return StepFailed("no", retryable=False)
            case "flaky" if perform.attempt < 3:
                return StepFailed("not yet", retryable=True)
        return Done({"did": perform.path, "attempt": perform.attempt})


@dataclass(frozen=True)
class Place:
    """Where a step is written: how deep, and what can be read there."""

    readable: tuple[str, ...] = ()
    depth: int = 0
    has_item: bool = False
    is_beside: bool = False  # do others run at the same time?

    def inner(self, **more):
        return replace(self, depth=self.depth + 1, **more)

    def after(self, name):
        return replace(self, readable=(*self.readable, f"steps.{name}"))


class Author:
    """Draws steps one by one, each with an id of its own."""

    def __init__(self, chance):
        self.chance = chance
        self.number = 0

    def steps(self, place, least=0):
        made = []
        for _ in range(self.chance.randint(least, 3)):
            is_block = place.depth < DEEPEST and self.chance.random() < 0.45
            kind = self.chance.choice(BLOCKS if is_block else LEAVES)
            drawn = getattr(self, kind)(place)
            made.append(self.optional(drawn))
            for name in results_of(drawn):
                place = place.after(name)
        return made

    def optional(self, drawn):
        """Sometimes it may only take so long, runs only when something is so, or is off."""
        if (drawn.get("branches") or drawn["type"] == "wait") and self.chance.random() < 0.15:
            drawn = drawn | {"timeout": self.chance.choice(["500ms", "2s", "2m", "6m"])}
        how = self.chance.choice(["", "", "", "", "", "> 2", "< 2", "< 2", "off"])
        if how == "off":
            return drawn | {"disabled": True}
        return drawn | {"only_when": f"{{{{ {SUM} {how} }}}}"} if how else drawn

    def name(self, kind):
        self.number += 1
        return f"{kind}{self.number}"

    def reading(self, place):
        """An expression over what is there."""
        known = [*place.readable, SUM, "vars.last", "trigger.n"] + (
            ["item", "index"] if place.has_item else []
        )
        return "{{ " + self.chance.choice(known) + " }}"

    def compose(self, place):
        return step(self.name("plain"), value={"of": self.reading(place)})

    def remember(self, place):
        add = self.chance.choice(["1", "2", "item"] if place.has_item else ["1", "2"])
        values = {"sum": f"{{{{ {SUM} + {add} }}}}"}
        if self.chance.random() < 0.5:
            values = {"last": self.reading(place)}
        return step(self.name("add"), "set_variables", values=values)

    def outside(self, place):
        return step(self.name("out"), "outside")

    def flaky(self, place):
        return step(self.name("flaky"), "outside", retry={"attempts": 3, "wait": "1s"})

    def bad(self, place):
        on_error = self.chance.choice(["stop", "continue"])
        return step(self.name("bad"), "outside", on_error=on_error)

    def wait(self, place):
        lengths = ["1s", "5m"] + (["{{ item }}m"] if place.has_item else [])
        return step(self.name("wait"), "wait", **{"for": self.chance.choice(lengths)})

    def reply(self, place):
        name = self.name("reply")
        return step(name, "return_data", body={name: self.reading(place)})

    def stop(self, place):
        outcome = "fail" if place.is_beside else self.chance.choice(["succeed", "fail"])
        return step(self.name("stop"), "stop", outcome=outcome, message="enough")

    def for_each(self, place):
        limit = self.chance.choice([1, 1, 2])
        on_error = "continue" if limit > 1 else self.chance.choice(["stop", "continue"])
        options = {
            "list": self.chance.choice([[1, 2], [3, 1, 2], [1], []]),
            "concurrency": limit,
            "on_item_error": on_error,
        }
        if self.chance.random() < 0.5:
            options["collect"] = f"{{{{ item + {SUM} }}}}"
        here = place.inner(has_item=True, is_beside=place.is_beside or limit > 1)
        body = self.steps(here)
        return step(self.name("loop"), "for_each", branches={"body": body}, **options)

    def repeat(self, place):
        key, condition = self.chance.choice(LOOPS)
        options = {key: f"{{{{ {condition} }}}}", "max": self.chance.choice([2, 5])}
        body = self.steps(place.inner(has_item=False))
        return step(self.name("again"), "repeat", branches={"body": body}, **options)

    def parallel(self, place):
        paths = {key: self.steps(place.inner(is_beside=True)) for key in ("a", "b")}
        return step(self.name("both"), "parallel", branches=paths, on_branch_error="continue")

    def guard(self, place):
        keys = ["try", *(key for key in ("catch", "finally") if self.chance.random() < 0.5)]
        paths = {key: self.steps(place.inner()) for key in keys}
        return step(self.name("guard"), "try", branches=paths)

    def branch(self, place):
        some = {"only_when": f"{{{{ {SUM} > 1 }}}}", "steps": self.steps(place.inner())}
        paths = {"some": some, "other": self.steps(place.inner())}
        mode = self.chance.choice(["first", "all"])
        return step(self.name("way"), "branch", branches=paths, mode=mode)


LEAVES = ("compose", "compose", "outside", "outside", "remember", "remember", "remember")
LEAVES += ("flaky", "wait", "wait", "reply", "bad", "stop")
BLOCKS = ("for_each", "repeat", "parallel", "guard", "branch", "guard", "for_each")


def results_of(drawn):
    """The steps whose results can be read behind this one; failures, which hold times, are not."""
    if drawn["type"] in ("compose", "outside") and not drawn["id"].startswith("bad"):
        return [drawn["id"]]
    if drawn["type"] in ("for_each", "repeat"):
        return []
    inner = [each for branch in drawn.get("branches", ()) for each in branch["steps"]]
    return [name for each in inner for name in results_of(each)]


@st.composite
def workflows(draw, author=Author):
    """The steps of one; true chance makes larger ones than the search for small examples does."""
    return author(draw(st.randoms(use_true_random=True))).steps(Place(), least=2)


def may_take_only_so_long(steps):
    """Whether the time that passes makes a difference to anything in it."""
    return any(
        "timeout" in drawn
        or any(may_take_only_so_long(branch["steps"]) for branch in drawn.get("branches", ()))
        for drawn in steps
    )


def runs_side_by_side(steps):
    """Whether anything in it runs at the same time as something else."""
    return any(
        drawn["type"] == "parallel"
        or drawn["inputs"].get("concurrency", 1) > 1
        or any(runs_side_by_side(branch["steps"]) for branch in drawn.get("branches", ()))
        for drawn in steps
    )
