import pytest

from core.engine import reading
from core.triggers import trigger_types

ENDPOINT = trigger_types()["endpoint"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "switched off"),
        ({"exposed": True}, "POST · anyone with a key"),
        ({"exposed": True, "auth": {"scheme": "open"}, "method": "GET"}, "GET · anyone"),
        (
            {"exposed": True, "auth": {"scheme": "signature", "preset": "github"}},
            "POST · signed by GitHub",
        ),
        (
            {"exposed": True, "auth": {"scheme": "admin"}, "reply": "immediate"},
            "POST · admin keys · answers at once",
        ),
    ],
)
def test_its_card_says_who_may_call_and_how(settings, line):
    assert ENDPOINT.summary(settings) == line


def test_a_new_one_is_switched_on_for_callers_with_a_key():
    reading.check_triggers({"endpoint": ENDPOINT.new_settings})

    assert ENDPOINT.new_settings == {"exposed": True, "auth": {"scheme": "api_key"}}


def test_each_of_its_fields_may_stand_in_a_file():
    known = reading.triggers(None).keys["endpoint"].keys

    assert {field.key for field in ENDPOINT.fields} <= set(known)


def test_it_is_there_only_if_its_section_is():
    assert ENDPOINT.is_in({"endpoint": {}})
    assert not ENDPOINT.is_in({})


def test_its_settings_fall_back_on_the_defaults():
    settings = ENDPOINT.settings({"endpoint": {"method": "PUT"}})

    assert (settings["method"], settings["reply"], settings["exposed"]) == ("PUT", "wait", False)
