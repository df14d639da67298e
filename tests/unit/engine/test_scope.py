from hypothesis import HealthCheck, given, settings

from core.engine.definition import Branch, Definition, Step
from core.engine.scope import scope_at
from core.steps import step_types
from tests.unit.engine.definitions import definitions

some = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

ENDPOINT = {
    "parameters": [
        {"key": "email", "type": "email"},
        {"key": "odd key", "type": "number", "optional": True},
        {"key": "items", "type": "text", "list": True},
    ]
}
LOOP = Step(
    "each",
    "for_each",
    {"list": "{{ trigger.items }}"},
    label="Every line",
    branches=(
        Branch(
            "body",
            steps=(
                Step("line", "compose", {"value": {"sku": "{{ item }}", "n": 1}}),
                Step("last", "log_message", {"message": "x"}),
            ),
        ),
    ),
)
CHOICE = Step(
    "big",
    "branch",
    branches=(
        Branch("yes", only_when="{{ true }}", steps=(Step("inside", "compose"),)),
        Branch("otherwise"),
    ),
)
SAFE = Step(
    "safe",
    "try",
    branches=(
        Branch("try", steps=(Step("risky", "compose"),)),
        Branch("catch", steps=(Step("mend", "compose"),)),
    ),
)
KEEP = Step("keep", "set_variables", {"values": {"total": 3, "note": "{{ trigger.email }}"}})
DEFINITION = Definition(
    {"endpoint": ENDPOINT},
    {},
    (Step("first", "compose", {"value": 1}), KEEP, LOOP, CHOICE, SAFE, Step("end", "compose")),
)


def offers_at(step_id, **options):
    return scope_at(DEFINITION, step_id, step_types(), **options)


def paths_at(step_id, group, **options):
    return [offer.path for offer in offers_at(step_id, **options) if offer.group == group]


def find(step_id, path):
    return next(offer for offer in offers_at(step_id) if offer.path == path)


def test_the_nearest_steps_come_first():
    assert paths_at("end", "step") == [
        "steps.mend",
        "steps.risky",
        "steps.safe",
        "steps.inside",
        "steps.big",
        "steps.each",
        "steps.keep",
        "steps.first",
    ]


def test_a_turn_offers_its_item_and_earlier_steps_of_the_turn():
    assert paths_at("last", "item") == ["item", "index"]
    assert paths_at("last", "step")[0] == "steps.line"
    assert find("last", "item").label == "Item of Every line"


def test_what_a_loop_collects_sees_the_body():
    assert "steps.line" not in paths_at("each", "step")
    assert paths_at("each", "step", in_body=True)[:2] == ["steps.last", "steps.line"]
    assert paths_at("each", "item", in_body=True) == ["item", "index"]


def test_an_outer_loop_is_named():
    inner = Step("inner", "repeat", branches=(Branch("body", steps=(Step("deep", "compose"),)),))
    outer = Step("outer", "for_each", branches=(Branch("body", steps=(inner,)),))

    offers = scope_at(Definition(steps=(outer,)), "deep", step_types())

    paths = [offer.path for offer in offers if offer.group == "item"]
    assert paths == ["index", "loops.outer.item", "loops.outer.index"]


def test_paths_that_may_not_be_taken_may_be_empty():
    assert find("end", "steps.inside").may_be_empty
    assert find("end", "steps.risky").may_be_empty
    assert not find("end", "steps.big").may_be_empty
    assert not find("end", "steps.first").may_be_empty


def test_the_error_is_offered_where_it_is_handled():
    assert paths_at("mend", "error") == ["error"]
    assert paths_at("end", "error") == []
    assert "error.message" in [child.path for child in find("mend", "error").children]


def test_what_the_caller_sends_is_offered_by_key_and_type():
    email, odd, items = [offer for offer in offers_at("first") if offer.group == "trigger"][:3]

    assert (email.path, email.kind, email.example) == ("trigger.email", "text", "mara@example.org")
    assert (odd.path, odd.kind, odd.may_be_empty) == ("trigger['odd key']", "number", True)
    assert (items.kind, items.example) == ("list", ["Mara"])


def test_the_answers_to_a_form_are_offered_as_it_asks_for_them():
    form = ["Cost center", {"key": "amount", "type": "number"}]
    steps = (Step("ask", "ask_approval", {"fields": form}), Step("end", "compose"))

    offers = scope_at(Definition(steps=steps), "end", step_types())

    ask = next(offer for offer in offers if offer.path == "steps.ask")
    answers = next(child for child in ask.children if child.path == "steps.ask.fields")
    assert [(one.path, one.kind) for one in answers.children] == [
        ("steps.ask.fields.cost_center", "text"),
        ("steps.ask.fields.amount", "number"),
    ]


def test_a_result_offers_what_is_in_it():
    line = find("last", "steps.line")

    assert [(child.path, child.kind) for child in line.children] == [
        ("steps.line.sku", "any"),
        ("steps.line.n", "number"),
    ]


def test_remembered_values_are_offered_by_name():
    assert paths_at("first", "vars") == ["vars.total", "vars.note"]


def test_starts_and_settings_see_no_steps():
    groups = {offer.group for offer in offers_at(None)}

    assert groups == {"trigger", "run"}


@some
@given(definitions())
def test_what_is_offered_can_be_read_there(definition):
    from core.auth_schemes import auth_schemes
    from core.engine import checking, editing

    for step in definition.walk():
        for offer in scope_at(definition, step.id, step_types()):
            change = {
                "op": "change_step",
                "id": step.id,
                "changes": {"only_when": f"{{{{ {offer.path} }}}}"},
            }
            changed, _ = editing.apply(definition, change)
            found = checking.problems(
                changed,
                step_types=step_types(),
                auth_schemes=auth_schemes(),
                surroundings=checking.Surroundings(),
            )
            assert not [
                problem
                for problem in found
                if problem.step_id == step.id
                and problem.field == "only_when"
                and problem.code != "disabled_step"
            ]
