import pytest

from core.engine.checking import shapes
from tests.drafts import block, compose, log, problems_of, remember, run, the_only, where

PARAMETERS = [
    {"key": "email"},
    {"key": "total", "type": "number"},
    {"key": "paid", "type": "yes_no"},
    {"key": "lines", "type": "object", "list": True},
    {"key": "customer", "type": "object"},
]
STARTS = {"endpoint": {"parameters": PARAMETERS}}
CLEAN = compose("clean", {"email": "{{ trigger.email | lower }}", "sums": [1, 2], "n": 3})


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        ("{{ steps.clean.emial }}", 4, "there is no “emial” in “clean”; did you mean “email”?"),
        ("{{ steps.clean.email.host }}", 4, "“email” is text; there is no “host” in it"),
        ("{{ steps.clean.sums.first }}", 4, "“sums” is a list; take an item first: sums[0].first"),
        ("{{ trigger.lines.sku }}", 4, "“lines” is a list; take an item first"),
        ("{{ trigger.total.x }}", 4, "“total” is a number; there is no “x” in it"),
        ("{{ steps.each.result }}", 4, "no “result” in “each”; did you mean “results”?"),
        ("{{ steps.page.stauts }}", 4, "no “stauts” in “page”; did you mean “status”?"),
        ("{{ [l.price.x for l in [{'price': 1}]] }}", 5, "“price” is a number"),
        ("{{ trigger.email * 2 }}", 18, "“*” needs numbers, and this is text; make a number of it"),
        ("{{ 1 - trigger.lines }}", 6, "“-” needs numbers, and this is a list"),
        ("{{ -trigger.customer }}", 4, "“-” needs numbers, and this is a group"),
        ("{{ trigger.lines + 1 }}", 18, "a list and a number can't be added"),
        ("{{ trigger.customer > 3 }}", 21, "a group can't be more or less than something"),
        ("{{ trigger.total | join(',') }}", 20, "“join” needs a list, not a number"),
        ("{{ trigger.lines | upper }}", 20, "“upper” needs text, not a list"),
        ("{{ (trigger.lines | count) | sort }}", 30, "“sort” needs a list, not a number"),
    ],
)
def test_what_cannot_be_computed_is_named_with_its_column(value, column, message):
    loop = block("each", "for_each", {"list": [1]}, body=[log("line", "{{ item }}")])
    call = {"id": "page", "type": "call_api", "inputs": {"url": "https://x.example"}}

    problem = the_only(problems_of([CLEAN, loop, call, compose("b", value)], STARTS))

    assert (problem.step_id, problem.field, problem.severity) == ("b", "inputs.value", "error")
    assert message in problem.message
    assert problem.column == column


@pytest.mark.parametrize(
    "value",
    [
        "{{ steps.clean.email | upper }}",
        "{{ steps.clean.n * 2 + trigger.total }}",
        "{{ trigger.customer.name.first }}",
        "{{ trigger.lines[0].sku }}",
        "{{ trigger.body.anything.at.all }}",
        "{{ steps.each.results[0] + 1 }}",
        "{{ steps.each.count + 1 }}",
        "{{ steps.page.body.items[0].name }}",
        "{{ steps.page.headers['content-type'] | lower }}",
        "{{ (trigger.email | number) * 2 }}",
        "{{ 'n: ' + trigger.total }}",
        "{{ trigger.lines + [1] }}",
        "{{ trigger.customer if trigger.paid else trigger.email }}",
        "{{ (trigger.email or trigger.total) | upper }}",
        "{{ trigger.customer | get('a') }}",
        "{{ {'a': trigger.total}.a + 1 }}",
        "{{ [l.price * 2 for l in trigger.lines] | sum }}",
        "{{ steps.safe.error.message }}",
    ],
)
def test_what_may_be_right_is_no_problem(value):
    loop = block("each", "for_each", {"list": [1]}, body=[compose("line", "{{ item }}")])
    call = {"id": "page", "type": "call_api", "inputs": {"url": "https://x.example"}}
    safe = call | {"id": "safe", "on_error": "continue"}

    assert problems_of([CLEAN, loop, call, safe, compose("b", value)], STARTS) == ()


@pytest.mark.parametrize(
    "value",
    [
        "{{ trigger.email | sum if type(trigger.email) == 'list' else 0 }}",
        "{{ trigger.email if type(trigger.email) == 'text' else trigger.email.address }}",
        "{{ type(trigger.email) == 'number' and trigger.email * 2 > 3 }}",
        "{{ not (trigger.email | type == 'number') or trigger.email * 2 > 3 }}",
        "{{ [l.sku for l in steps.clean.sums if type(l) == 'object'] }}",
    ],
)
def test_what_is_computed_only_for_values_of_its_kind_is_no_problem(value):
    assert problems_of([CLEAN, compose("b", value)], STARTS) == ()


def test_a_choice_that_asks_for_no_kind_guards_nothing():
    problem = the_only(
        problems_of([compose("b", "{{ trigger.email * 2 if trigger.paid else 0 }}")], STARTS)
    )

    assert problem.code == "unfit_value"


AT_LEAST = {"left": "{{ trigger.lines }}", "is": "at_least", "right": 1}


@pytest.mark.parametrize(
    ("step", "field", "message"),
    [
        (
            block("each", "for_each", {"list": "{{ trigger.email }}"}, body=[log("a", "x")]),
            "inputs.list",
            "“List” must be a list, but this is text",
        ),
        (
            block("each", "for_each", {"list": "{{ steps.clean }}"}, body=[log("a", "x")]),
            "inputs.list",
            "but this is a group",
        ),
        (
            {"id": "set", "type": "set_variables", "inputs": {"values": "{{ trigger.total }}"}},
            "inputs.values",
            "must be names and values, but this is a number",
        ),
        (
            {"id": "later", "type": "wait", "inputs": {"for": "{{ trigger.lines }}"}},
            "inputs.for",
            "must be a length of time, but this is a list",
        ),
        (
            log(
                "a",
                "x",
                only_when={"all": [{"left": "{{ trigger.lines }}", "is": "at_least", "right": 1}]},
            ),
            "only_when.all.0.left",
            "a list can't be compared by “is at least”",
        ),
        (
            log("a", "x", only_when={"any": [{"left": 1, "is": "is_in", "right": 2}]}),
            "only_when.any.0.right",
            "“is one of” needs a list at its right, not a number",
        ),
    ],
)
def test_what_a_field_gets_must_be_of_its_kind(step, field, message):
    problem = the_only(problems_of([CLEAN, step], STARTS))

    assert (problem.field, problem.code, problem.severity) == (field, "wrong_kind", "error")
    assert message in problem.message


def test_kinds_flow_through_steps_loops_and_memory():
    steps = [
        compose("lines", [{"sku": "A", "qty": 2}]),
        block(
            "each",
            "for_each",
            {"list": "{{ steps.lines }}", "collect": {"sum": "{{ item.qty * 3 }}"}},
            body=[log("line", "{{ item.sku }}"), log("bad", "{{ item.color }}")],
        ),
        remember("keep", total="{{ steps.each.results[0].sum }}"),
        compose("last", "{{ vars.total.euros }}"),
    ]

    unknown, kind = problems_of(steps)

    assert where(unknown) == ("bad", "inputs.message", "unknown_key", "error")
    assert kind.message == "“total” is a number; there is no “euros” in it"


def test_what_is_remembered_with_several_kinds_may_be_any_of_them():
    steps = [remember("a", x=1), remember("b", x="one"), compose("c", "{{ vars.x | upper }}")]

    assert problems_of(steps) == ()


def test_an_error_has_only_the_keys_that_the_contract_names():
    catch = [log("a", "{{ error.message }} {{ error.status }}"), log("b", "{{ error.mesage }}")]

    problem = the_only(problems_of([block("safe", "try", **{"try": [log("x", "y")]}, catch=catch)]))

    assert problem.message == "there is no “mesage” in “error”; did you mean “message”?"


SAMPLE = shapes.of_sample({"status": 200, "body": {"customer": "Mara", "orders": [{"id": 7}]}})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{{ steps.page.body.custmer }}", "in the last run there was no “custmer” in “body”; did"),
        ("{{ steps.page.body.orders.id }}", "take an item first: orders[0].id, as in the last run"),
        ("{{ steps.page.body.customer - 1 }}", "“-” needs numbers, and this is text"),
    ],
)
def test_the_last_run_gives_reason_to_doubt(value, message):
    call = {"id": "page", "type": "call_api", "inputs": {"url": "https://x.example"}}

    problem = the_only(problems_of([call, compose("b", value)], samples={"page": SAMPLE}))

    assert problem.severity == "warning"
    assert message in problem.message


def test_what_the_last_run_did_not_have_may_come_in_the_next():
    call = {"id": "page", "type": "call_api", "inputs": {"url": "https://x.example"}}
    steps = [call, compose("b", "{{ steps.page.body.refund.amount }}")]

    assert problems_of(steps, samples={"page": SAMPLE}) == ()


def test_another_workflows_answer_may_be_anything():
    assert problems_of([run("child", "welcome"), compose("b", "{{ steps.child.x.y }}")]) == ()


def test_a_long_line_of_steps_is_followed_to_its_end():
    steps = [compose("s0", {"n": 1})]
    steps += [compose(f"s{n}", f"{{{{ steps.s{n - 1} }}}}") for n in range(1, 900)]

    problem = the_only(problems_of([*steps, compose("last", "{{ steps.s899.m }}")]))

    assert problem.step_id == "last"


FORM = ["Cost center", {"key": "amount", "type": "number"}]
ASKED = {"who": "ana@example.org", "message": "Well?"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{{ steps.q.fields.cost_centre }}", "did you mean “cost_center”?"),
        ("{{ steps.q.fields.amount | sort }}", "“sort” needs a list, not a number"),
        ("{{ steps.q.fields.cost_center * 2 }}", "“*” needs numbers, and this is text"),
    ],
)
def test_the_answers_to_a_form_are_of_the_kinds_that_it_asks_for(value, message):
    ask = {"id": "q", "type": "ask_approval", "inputs": {**ASKED, "fields": FORM}}

    assert message in the_only(problems_of([ask, compose("b", value)], STARTS)).message


@pytest.mark.parametrize("form", ["{{ trigger.lines }}", ["{{ trigger.email }}"]])
def test_nothing_is_said_of_the_answers_to_a_form_that_a_run_computes(form):
    ask = {"id": "q", "type": "ask_approval", "inputs": {**ASKED, "fields": form}}

    assert not problems_of([ask, compose("b", "{{ steps.q.fields.anything * 2 }}")], STARTS)


def loop(kind, **inputs):
    needed = {"for_each": {"list": [1]}, "repeat": {"until": "{{ index > 3 }}"}}[kind]
    return block("again", kind, {**needed, **inputs}, body=[log("a", "x")])


@pytest.mark.parametrize(
    "value", ["4", 2.5, 4.0, "nan", "many", True, "{{ trigger.email }}", "{{ trigger.lines }}"]
)
@pytest.mark.parametrize(("kind", "key"), [("for_each", "concurrency"), ("repeat", "max")])
def test_a_loop_counts_in_whole_numbers(kind, key, value):
    problem = the_only(problems_of([loop(kind, **{key: value})], STARTS))

    assert (problem.field, problem.code) == (f"inputs.{key}", "wrong_kind")
    assert "must be a whole number" in problem.message


@pytest.mark.parametrize("value", [4, "{{ trigger.total }}", "{{ trigger.body.n }}"])
def test_whole_numbers_and_what_a_run_computes_are_taken(value):
    assert problems_of([loop("for_each", concurrency=value)], STARTS) == ()


@pytest.mark.parametrize("status", ["201", 201, 201.0, "{{ trigger.email }}"])
def test_a_status_may_be_text_that_is_one(status):
    answer = {"id": "a", "type": "return_data", "inputs": {"body": 1, "status": status}}

    assert problems_of([answer], STARTS) == ()
