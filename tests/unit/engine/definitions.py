"""Definitions for tests: a plain one, and arbitrary ones with the operations to do on them."""

from dataclasses import replace

from hypothesis import strategies as st

from core.engine.definition import Branch, Definition, Step

KEYS = st.sampled_from(["a", "b", "c.d", "e", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab{} .", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
MAPPINGS = st.dictionaries(KEYS, JSON, max_size=4)
SETTINGS = st.fixed_dictionaries(
    {}, optional={"timeout": st.just("5m"), "run_title": st.sampled_from(["a", "b"])}
)
ENDPOINTS = st.fixed_dictionaries(
    {},
    optional={
        "exposed": st.booleans(),
        "parameters": st.just([{"key": "email"}, {"key": "name", "optional": True}]),
        "duplicates": st.just({"key": "{{ trigger.id }}", "keep": "1d"}),
    },
)
TRIGGERS = st.fixed_dictionaries({}, optional={"endpoint": ENDPOINTS})
TRIGGER_CHANGES = st.dictionaries(
    st.sampled_from(
        [
            "endpoint",
            "endpoint.exposed",
            "endpoint.method",
            "endpoint.duplicates.keep",
            "endpoint.parameters",
            "endpoint.parameters.0.optional",
            "endpoint.parameters.1",
        ]
    ),
    st.none() | st.booleans() | st.just("GET"),
    min_size=1,
    max_size=3,
)
SETTING_CHANGES = st.dictionaries(
    st.sampled_from(["timeout", "run_title", "max_steps"]),
    st.sampled_from([None, "1h", 7]),
    min_size=1,
)


def a_definition() -> Definition:
    """Three steps in a row, the second a branch with two paths."""
    yes = Branch("yes", "High", "{{ steps.clean.total > 10 }}", (Step("mail", "log_message"),))
    big = Step("big", "branch", branches=(yes, Branch("otherwise")))
    return Definition({}, {}, (Step("clean", "compose"), big, Step("answer", "return_data")))


@st.composite
def definitions(draw) -> Definition:
    """Arbitrary trees; ids are numbered in reading order."""
    steps = draw(steps_of(depth=2))
    numbers = iter(range(1000))

    def numbered(step: Step) -> Step:
        step_id = f"s{next(numbers)}"
        branches = tuple(
            replace(branch, steps=tuple(map(numbered, branch.steps))) for branch in step.branches
        )
        return replace(step, id=step_id, branches=branches)

    return Definition(draw(TRIGGERS), draw(SETTINGS), tuple(map(numbered, steps)))


def steps_of(depth):
    """Up to three steps with at most two paths each."""
    branches = st.just(())
    if depth:
        branch = st.builds(
            Branch,
            st.just("one"),
            st.sampled_from(["", "One"]),
            st.sampled_from([None, "{{ steps.s1 }}"]),
            steps_of(depth - 1),
        )
        branches = st.just(()) | st.tuples(branch, st.builds(Branch, st.just("two")))
    step = st.builds(
        Step,
        st.just("s"),
        st.just("compose"),
        MAPPINGS,
        label=st.sampled_from(["", "Label"]),
        disabled=st.booleans(),
        retry=st.none() | st.just({"attempts": 2, "wait": "1s"}),
        branches=branches,
    )
    return st.lists(step, max_size=3).map(tuple)


@st.composite
def operations(draw, definition: Definition) -> dict:
    """An operation that can be done on the definition, or nearly."""
    steps = list(definition.walk())
    places = ["root:"] + [f"root:{step.id}" for step in definition.steps]
    for step in steps:
        for branch in step.branches:
            owner = f"{step.id}.{branch.key}:"
            places += [owner] + [owner + inner.id for inner in branch.steps]
    at = st.sampled_from(places)
    kinds = [
        {"op": "insert_step", "at": draw(at), "step": {"id": "new", "type": "compose"}},
        {"op": "change_triggers", "changes": draw(TRIGGER_CHANGES)},
        {"op": "change_settings", "changes": draw(SETTING_CHANGES)},
        {"op": "replace", "definition": {"steps": []}},
    ]
    if steps:
        step = draw(st.sampled_from(steps))
        inputs = {f"inputs.{path}": value for path, value in draw(changes()).items()}
        options = {"label": draw(st.sampled_from([None, "", "Other"])), "retry.attempts": 3}
        kinds += [
            {"op": "remove_step", "id": step.id},
            {"op": "move_step", "id": step.id, "at": draw(at)},
            {"op": "change_step", "id": step.id, "changes": inputs},
            {"op": "change_step", "id": step.id, "changes": options | inputs},
            {"op": "rename_step", "id": step.id, "to": "other"},
            {"op": "duplicate_step", "id": step.id},
            {"op": "add_branch", "id": step.id, "branch": {"key": "three", "steps": []}},
            {"op": "add_branch", "id": step.id, "branch": {"key": "four"}, "after": ""},
        ]
        keys = [branch.key for branch in step.branches]
        if keys:
            key, after = draw(st.sampled_from(keys)), draw(st.sampled_from(["", *keys]))
            branch_changes = {"label": "Path", "only_when": draw(st.sampled_from([None, "x"]))}
            kinds += [
                {"op": "remove_branch", "id": step.id, "key": key},
                {"op": "move_branch", "id": step.id, "key": key, "after": after},
                {"op": "change_branch", "id": step.id, "key": key, "changes": branch_changes},
                {"op": "change_branch", "id": step.id, "key": key, "changes": {"key": "five"}},
            ]
    return draw(st.sampled_from(kinds))


def changes():
    """Values by dotted path."""
    path = st.lists(st.sampled_from(["a", "b", "c\\.d", "e", "0"]), min_size=1, max_size=3)
    return st.dictionaries(path.map(".".join), JSON, min_size=1, max_size=3)
