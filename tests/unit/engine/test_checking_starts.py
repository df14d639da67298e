import pytest

from tests.drafts import compose, problems_of, the_only


@pytest.mark.parametrize(
    ("auth", "field", "code", "severity"),
    [
        ({"scheme": "open"}, "triggers.endpoint.auth", "open_endpoint", "warning"),
        ({"scheme": "magic"}, "triggers.endpoint.auth.scheme", "wrong_value", "error"),
        (
            {"scheme": "signature", "preset": "github"},
            "triggers.endpoint.auth.connection",
            "wrong_value",
            "error",
        ),
        (
            {"scheme": "signature", "preset": "github", "connection": "gone"},
            "triggers.endpoint.auth.connection",
            "unknown_connection",
            "error",
        ),
        (
            {"scheme": "signature", "preset": "github", "connection": "stock"},
            "triggers.endpoint.auth.connection",
            "unfit_connection",
            "error",
        ),
    ],
)
def test_who_may_call_is_checked(auth, field, code, severity):
    endpoint = {"exposed": True, "auth": auth}
    problem = the_only(problems_of([compose("a", 1)], {"endpoint": endpoint}))

    assert (problem.step_id, problem.field) == (None, field)
    assert (problem.code, problem.severity) == (code, severity)


def test_a_signed_endpoint_with_its_secret_is_sound():
    auth = {"scheme": "signature", "preset": "github", "connection": "github"}

    assert problems_of([compose("a", 1)], {"endpoint": {"auth": auth}}) == ()


def test_starts_and_settings_come_before_the_first_step():
    triggers = {"endpoint": {"only_when": "{{ steps.a }}", "duplicates": {"key": "{{ item }}"}}}

    found = problems_of([compose("a", 1)], triggers, {"run_title": "{{ vars.x }}"})

    assert [problem.field for problem in found] == [
        "triggers.endpoint.only_when",
        "triggers.endpoint.duplicates.key",
        "settings.run_title",
    ]
    assert all(problem.step_id is None for problem in found)
