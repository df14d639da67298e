import pytest

from core.engine.mail_messages import MailFailed
from core.engine.mail_templates import MailContent


def test_placeholders_come_in_the_order_in_which_they_are_met():
    content = MailContent("{{var2}}", "{{name}} {{ var1 }}", "<b>{{{name}}}</b>{{var3}}")

    assert content.placeholders == ("var2", "name", "var1", "var3")


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, ""), ("a", "a"), (3, "3"), (1.5, "1.5"), (True, "true"), ([1], "[1]")],
)
def test_every_value_has_its_words(value, said):
    assert MailContent("{{x}}").fill({"x": value}).subject == said


def test_values_are_never_read_again_and_expressions_mean_nothing():
    filled = MailContent("{{a}}", "{{b}}").fill({"a": "{{b}}", "b": "{{ 1 + 1 }}"})

    assert (filled.subject, filled.text) == ("{{b}}", "{{ 1 + 1 }}")


def test_html_is_safe_unless_three_braces_say_otherwise():
    content = MailContent("s", "", '<a title="{{x}}">{{{x}}}</a>')

    assert content.fill({"x": '"<b>'}).html == '<a title="&quot;&lt;b&gt;">"<b></a>'


def test_all_missing_values_are_named():
    with pytest.raises(MailFailed, match="“a”, “b”"):
        MailContent("{{a}}", "{{b}} {{c}}").fill({"c": 1})


@pytest.mark.parametrize("part", ["{{ first name }}", "{{a.b}}", "{{ 1 + 1 }}", "{{", "{{a}"])
def test_what_only_begins_like_a_placeholder_is_a_problem(part):
    assert "is no placeholder" in MailContent("s", part).problems["text"]


def test_a_right_template_has_no_problems():
    assert MailContent("{{a}}", "{{ b }}", "{{{c}}} } {").problems == {}
