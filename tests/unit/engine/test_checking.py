import pytest

from core.engine.checking import shapes
from tests.drafts import block, compose, log, problems_of, the_only


def test_a_sound_definition_has_no_problems():
    steps = [
        compose("clean", {"email": "{{ trigger.email | trim | lower }}"}),
        block(
            "each",
            "for_each",
            {"list": "{{ trigger.items }}", "collect": "{{ steps.line }}"},
            body=[compose("line", "{{ item.sku }} {{ index }} {{ loops.each.item }}")],
        ),
        {
            "id": "answer",
            "type": "return_data",
            "inputs": {"body": {"n": "{{ steps.each.count }}"}},
        },
    ]
    parameters = [{"key": "email"}, {"key": "items", "type": "object", "list": True}]

    assert problems_of(steps, {"endpoint": {"parameters": parameters}}) == ()


def test_a_workflow_without_steps_is_a_doubt():
    assert the_only(problems_of([])).code == "no_steps"


def test_a_reply_without_an_answer_is_no_problem():
    assert problems_of([compose("a", 1)], {"endpoint": {"reply": "wait"}}) == ()


@pytest.mark.parametrize(
    ("value", "code", "column", "message"),
    [
        ("{{ steps.cleam }}", "unknown_step", 4, "there is no step called “cleam”; did you mean"),
        ("{{ 1 + steps.b }}", "not_visible", 8, "a step can't read its own result"),
        ("{{ steps.c.x }}", "not_visible", 4, "“c” comes later; move it in front of this step"),
        ("{{ triger.x }}", "expression", 4, "did you mean “trigger”?"),
        ("{{ 'a' | uper }}", "expression", 10, "there is no function called “uper”"),
        ("{{ 1 + }}", "expression", 8, "a value is missing"),
        ("{{ item }}", "not_visible", 4, "“item” is there only inside a loop"),
        ("{{ index }}", "not_visible", 4, "“index” is there only inside a loop"),
        ("{{ loops.each.item }}", "not_visible", 4, "not inside a loop called “each”"),
        ("{{ error.message }}", "not_visible", 4, "only under “If one fails”"),
        ("{{ now_thing.x }}", "unknown_value", 4, "data triggers, which are not built yet"),
        ("{{ run.ids }}", "unknown_key", 4, "“run” has no “ids”; did you mean “id”?"),
        ("{{ trigger.mail }}", "unknown_parameter", 4, "the caller sends no “mail”; did you mean"),
    ],
)
def test_what_an_expression_reads_must_be_there(value, code, column, message):
    steps = [compose("clean", 1), compose("b", {"deep": ["x", value]}), compose("c", 1)]

    problem = the_only(problems_of(steps, {"endpoint": {"parameters": [{"key": "email"}]}}))

    assert (problem.code, problem.severity) == (code, "error")
    assert (problem.step_id, problem.field) == ("b", "inputs.value.deep.1")
    assert problem.column == column
    assert message in problem.message


def test_a_loops_body_cannot_be_read_from_outside():
    steps = [
        block("each", "for_each", {"list": [1]}, body=[compose("line", 1)]),
        compose("after", "{{ steps.line }}"),
    ]

    problem = the_only(problems_of(steps))

    assert "afterwards read steps.each.results" in problem.message


def test_a_loop_cannot_be_read_from_its_body_but_its_item_can():
    steps = [
        block("each", "for_each", {"list": [1]}, body=[compose("a", "{{ steps.each.count }}")]),
    ]

    assert "read loops.each.item" in the_only(problems_of(steps)).message


def test_a_loops_list_does_not_see_the_body_but_what_it_collects_does():
    body = [compose("line", 1)]
    good = block("each", "for_each", {"list": [1], "collect": "{{ steps.line }}"}, body=body)
    bad = block("each", "for_each", {"list": "{{ steps.line }}"}, body=body)

    assert problems_of([good]) == ()
    assert "stands inside this step" in the_only(problems_of([bad])).message


def test_a_repeat_has_turns_but_no_items():
    loop = block(
        "again",
        "repeat",
        {"until": "{{ steps.page > 3 }}"},
        body=[compose("page", "{{ index + 1 }}"), compose("odd", "{{ item }}")],
    )

    problem = the_only(problems_of([loop]))

    assert (problem.step_id, problem.code) == ("odd", "not_visible")


def test_a_repeat_inside_a_loop_leaves_it_its_item():
    again = block("again", "repeat", {"until": "{{ item.n > 3 }}"}, body=[log("a", "{{ item.n }}")])
    inner = block("again", "repeat", {"until": "{{ index > 3 }}"}, body=[log("a", "{{ item.m }}")])
    orders = {"list": [{"n": 1}]}

    assert problems_of([block("each", "for_each", orders, body=[again])]) == ()
    unknown = the_only(problems_of([block("each", "for_each", orders, body=[inner])]))
    assert unknown.message.startswith("there is no “m” in “item”")


@pytest.mark.parametrize(
    ("mode", "reads", "message"),
    [
        ("first", "a", "only one of them is taken"),
        ("all", "a", None),
        ("all", "c", "“c” comes later"),
    ],
)
def test_paths_of_a_branch_see_each_other_only_if_all_are_taken(mode, reads, message):
    step = block(
        "if",
        "branch",
        {"mode": mode},
        one={"key": "one", "only_when": "{{ trigger.body }}", "steps": [compose("a", 1)]},
        two={
            "key": "two",
            "only_when": "{{ trigger.body }}",
            "steps": [compose("b", f"{{{{ steps.{reads} }}}}")],
        },
        three={"key": "three", "only_when": "{{ trigger.body }}", "steps": [compose("c", 1)]},
    )

    problems = problems_of([step, compose("after", "{{ steps.a }} {{ steps.c }}")])

    if message is None:
        assert problems == ()
    else:
        assert message in the_only(problems).message


def test_parallel_paths_do_not_see_each_other_but_what_follows_sees_both():
    step = block(
        "both", "parallel", first=[compose("a", 1)], second=[compose("b", "{{ steps.a }}")]
    )

    problem = the_only(problems_of([step, compose("after", "{{ steps.a }} {{ steps.b }}")]))

    assert problem.step_id == "b"
    assert "runs at the same time on another path; read it after “both”" in problem.message


def test_a_catch_sees_the_error_and_what_was_tried():
    paths = {
        "try": [compose("a", 1)],
        "catch": [compose("b", "{{ error.message }} {{ steps.a }}")],
        "finally": [compose("c", "{{ steps.b }} {{ steps.a }}")],
    }

    assert problems_of([block("safe", "try", **paths)]) == ()


def test_what_is_never_remembered_or_declared_is_a_doubt():
    steps = [
        {"id": "keep", "type": "set_variables", "inputs": {"values": {"total": 1}}},
        log("a", "{{ vars.total }} {{ vars.totl }}"),
        log("b", "{{ trigger.email }}"),
    ]

    variable, parameter = problems_of(steps)

    assert (variable.code, variable.severity) == ("unknown_variable", "warning")
    assert "did you mean “total”?" in variable.message
    assert (parameter.code, parameter.severity) == ("undeclared_parameter", "warning")
    assert "or read trigger.body.email" in parameter.message


def test_memory_that_is_lost_at_a_join_is_a_doubt():
    keep = {"id": "keep", "type": "set_variables", "inputs": {"values": {"n": 1}}}

    in_turn = problems_of([block("each", "for_each", {"list": [1]}, body=[keep])])
    at_once = problems_of([block("each", "for_each", {"list": [1], "concurrency": 4}, body=[keep])])

    assert in_turn == ()
    assert the_only(at_once).code == "memory_lost"


@pytest.mark.parametrize(
    ("kind", "inputs", "field", "code", "message"),
    [
        ("compose", {}, "inputs.value", "required", "“Fields” is empty; fill it in"),
        ("log_message", {"message": {"a": 1}}, "inputs.message", "wrong_kind", "must be text"),
        (
            "log_message",
            {"message": "x", "level": "loud"},
            "inputs.level",
            "invalid_choice",
            "one of",
        ),
        (
            "log_message",
            {"message": "x", "level": "{{ 'info' }}"},
            "inputs.level",
            "invalid_choice",
            "is fixed before the run; choose one of info, warning, error",
        ),
        ("increment_value", {"key": "n", "by": "many"}, "inputs.by", "wrong_kind", "a number"),
        ("return_data", {"status": 99}, "inputs.status", "out_of_range", "at least 200"),
        ("increment_value", {"key": "n", "by": "nan"}, "inputs.by", "wrong_kind", "not “nan”"),
        ("return_data", {"status": "nan"}, "inputs.status", "wrong_kind", "must be a number"),
        ("return_data", {"status": 200.5}, "inputs.status", "wrong_inputs", "not “200.5”"),
        ("return_data", {"headers": "x"}, "inputs.headers", "wrong_kind", "names and values"),
        ("wait", {"for": "soon"}, "inputs.for", "wrong_kind", "not a length of time"),
        ("wait", {}, "inputs.for", "wrong_inputs", "give “For” or “Until”"),
        (
            "wait",
            {"for": "1h", "until": "{{ now() }}"},
            "inputs.for",
            "wrong_inputs",
            "one of the two",
        ),
        (
            "cancel_scheduled",
            {"run_ids": "{{ run.id }}", "batch_id": "b"},
            "inputs.batch_id",
            "wrong_inputs",
            "give “Runs” or “Batch”",
        ),
        (
            "ask_approval",
            {"who": "a@b.test", "message": "?", "fields": [{"key": "n", "type": "numbr"}]},
            "inputs.fields",
            "wrong_inputs",
            "“Form”: ",
        ),
        (
            "ask_approval",
            {"who": "nobody", "message": "?"},
            "inputs.who",
            "wrong_inputs",
            "nobody",
        ),
        ("wait", {"until": "tomorrow"}, "inputs.until", "wrong_kind", "must be a date such as"),
        ("run_workflow", {"workflow": "gone"}, "inputs.workflow", "unknown_workflow", "“gone”"),
        ("call_api", {"url": "stock"}, "inputs.url", "wrong_kind", "begin with http://"),
        (
            "call_api",
            {"url": "https://x.example", "connection": "stok"},
            "inputs.connection",
            "unknown_connection",
            "did you mean “stock”?",
        ),
        ("compose", {"valu": 1, "value": 1}, "inputs.valu", "wrong_frame", "did you mean “value”"),
    ],
)
def test_what_a_step_is_given_must_be_of_the_right_kind(kind, inputs, field, code, message):
    problem = the_only(problems_of([{"id": "a", "type": kind, "inputs": inputs}]))

    assert (problem.step_id, problem.field, problem.code) == ("a", field, code)
    assert problem.severity == "error"
    assert message in problem.message


@pytest.mark.parametrize("value", [[], {}, "", 0, False])
def test_a_value_that_is_meant_to_be_empty_is_one(value):
    assert problems_of([compose("none", value)]) == ()


def test_a_loop_over_an_empty_list_has_its_list_and_one_over_nothing_has_none():
    def over(value):
        return block("each", "for_each", {"list": value}, body=[log("a", "x")])

    assert problems_of([over([])]) == ()
    assert {the_only(problems_of([over(value)])).code for value in ("", {}, None)} == {"required"}


def test_an_unknown_step_type_is_named():
    problem = the_only(problems_of([{"id": "a", "type": "find_things"}]))

    assert problem.message == "unknown step type find_things"


@pytest.mark.parametrize(
    ("condition", "field", "message"),
    [
        ({"all": []}, "only_when", "no rows yet; add one"),
        ({"all": [{"left": 1, "is": "like"}]}, "only_when.all.0.is", "“is” is one of"),
        ("{{ steps.b }}", "only_when", "“b” comes later"),
        (
            {"any": [{"left": "{{ item }}", "is": "is_empty"}]},
            "only_when.any.0.left",
            "inside a loop",
        ),
        ("{{ 1 + }}", "only_when", "a value is missing"),
    ],
)
def test_conditions_are_checked_like_inputs(condition, field, message):
    problem = the_only(problems_of([compose("a", 1, only_when=condition), compose("b", 1)]))

    assert (problem.step_id, problem.field) == ("a", field)
    assert message in problem.message


def test_empty_paths_are_doubts_except_where_nothing_is_to_be_done():
    step = block(
        "if", "branch", yes={"key": "yes", "only_when": "{{ true }}", "steps": []}, otherwise=[]
    )

    problem = the_only(problems_of([step]))

    assert (problem.code, problem.field, problem.severity) == (
        "empty_path",
        "branches.yes",
        "warning",
    )


def test_a_second_otherwise_is_never_taken():
    step = block("if", "branch", one=[compose("a", 1)], two=[compose("b", 1)])

    assert the_only(problems_of([step])).code == "never_taken"


def test_paths_of_the_wrong_kind_are_named():
    loop = {"id": "each", "type": "for_each", "inputs": {"list": [1]}, "branches": []}
    retried = block("if", "try", **{"try": [compose("a", 1)]}) | {"retry": {"attempts": 2}}

    missing, option = problems_of([loop, retried])

    assert (missing.step_id, missing.message) == ("each", "the path “body” is missing")
    assert (option.step_id, option.field) == ("if", "retry")


def test_switched_off_steps_may_be_unfinished_but_reading_them_is_a_doubt():
    steps = [{"id": "a", "type": "compose", "disabled": True}, compose("b", "{{ steps.a }}")]

    problem = the_only(problems_of(steps))

    assert (problem.step_id, problem.code, problem.severity) == ("b", "disabled_step", "warning")


def test_a_step_inside_a_switched_off_block_is_switched_off():
    loop = block("both", "parallel", one=[compose("a", 1)], two=[log("b", "x")])
    steps = [loop | {"disabled": True}, compose("c", "{{ steps.a }}")]

    problem = the_only(problems_of(steps))

    assert problem.code == "disabled_step"
    assert problem.message.startswith("“a” stands inside “both”, which is switched off")


def test_what_only_a_switched_off_step_remembers_is_not_remembered():
    keep = {"id": "keep", "type": "set_variables", "inputs": {"values": {"n": 1}}}
    steps = [keep | {"disabled": True}, compose("a", "{{ vars.n }}")]

    problem = the_only(problems_of(steps))

    assert problem.message == (
        "no step remembers a value called “n”; the one that does is switched off"
    )
    assert problems_of([keep | {"id": "on"}, *steps]) == ()


def test_the_same_problem_twice_in_a_field_is_one():
    steps = [compose("a", {"b": 1, "c": 2}) | {"disabled": True}]
    steps.append(compose("d", "{{ steps.a.b }} {{ steps.a.c }} {{ vars.x }} {{ vars.x }}"))

    keys = [problem.key for problem in problems_of(steps)]

    assert len(keys) == len(set(keys)) == 2


def test_of_an_error_and_a_doubt_that_are_the_same_the_error_stays():
    call = {"id": "page", "type": "call_api", "inputs": {"url": "https://x.example"}}
    sample = shapes.of_sample({"body": {"n": "3"}})
    steps = [call, compose("a", "{{ steps.page.body.n - 1 }} {{ 'x' - 1 }}")]

    assert the_only(problems_of(steps, samples={"page": sample})).is_error
