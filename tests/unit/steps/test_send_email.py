import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.mail_messages import MailAddress, MailFailed
from core.engine.mail_templates import MailContent
from core.engine.outcomes import Done
from core.steps.send_email import SendEmail
from tests.unit.steps.worlds import a_context

MAIL = {"to": "ana@example.org", "subject": "Hello", "text": "Hello Ana"}
LINE_BREAKS = ("\n", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029")


class RecordingMail:
    def __init__(self, **templates):
        self.sent = []
        self.templates = templates

    def template(self, name):
        if name not in self.templates:
            raise MailFailed(f"there is no mail template “{name}”")
        return self.templates[name]

    def send(self, mail, *, connection=None):
        self.sent.append((mail, connection))
        return "<1@example.org>"


def send(mail=None, **inputs):
    mail = mail or RecordingMail()
    outcome = SendEmail().run(inputs, a_context(mail=mail))
    return outcome, *mail.sent[0]


def refusal(mail=None, **inputs):
    with pytest.raises(StepFailed) as failure:
        send(mail, **MAIL | inputs)
    return failure.value.message


def test_it_sends_the_mail_and_says_under_which_name():
    outcome, mail, connection = send(**MAIL, connection="office", html="<p>Hello</p>")

    assert outcome == Done({"message_id": "<1@example.org>"})
    assert (mail.subject, mail.text, mail.html) == ("Hello", "Hello Ana", "<p>Hello</p>")
    assert (mail.to, connection) == ((MailAddress("ana@example.org"),), "office")


def test_without_a_connection_it_is_kept():
    assert send(**MAIL, connection="")[2] is None


@pytest.mark.parametrize(
    "to",
    [
        "Ana <ana@example.org>, max@example.org",
        ["Ana <ana@example.org>", "max@example.org"],
        ["Ana <ana@example.org>, max@example.org,", "", None],
    ],
)
def test_several_people_get_it(to):
    mail = send(**MAIL | {"to": to})[1]

    assert mail.to == (MailAddress("ana@example.org", "Ana"), MailAddress("max@example.org"))


def test_copies_and_answers_have_their_own_addresses():
    mail = send(**MAIL, cc="c@x.de", bcc="ana@example.org, b@x.de", reply_to="r@x.de")[1]

    assert mail.recipients == ("ana@example.org", "c@x.de", "b@x.de")
    assert mail.reply_to == (MailAddress("r@x.de"),)


def test_a_name_beyond_ascii_becomes_what_servers_know():
    assert send(**MAIL | {"to": "a@münchen.de"})[1].to == (MailAddress("a@xn--mnchen-3ya.de"),)


@pytest.mark.parametrize("mark", LINE_BREAKS)
@pytest.mark.parametrize("field", ["to", "cc", "bcc", "reply_to", "subject"])
def test_no_field_of_the_head_takes_a_second_line(field, mark):
    given = f"{MAIL.get(field, 'ana@example.org')}{mark}Bcc: victim@example.org"

    assert "line break or a control character" in refusal(**{field: given})


@pytest.mark.parametrize(
    "to",
    [
        "ana",
        "ana@",
        "@example.org",
        "a b@example.org",
        "a@b@example.org",
        "ana@example.org; max@example.org",
        "<ana@example.org",
        "ana@[127.0.0.1]",
        "ana@-x.de",
        '"a b"@example.org',
        "<script>@example.org",
        "ok@example.org <evil@example.org>",
        "=?utf-8?q?a=0d=0aBcc:evil@x.de?= <ana@example.org>",
        "=?utf-8?b?DQpCY2M6IGFAYi5kZQ==?= <ana@example.org>",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.de",
    ],
)
def test_what_is_no_address_is_named(to):
    assert "is not a mail address such as ana@example.org" in refusal(to=to)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"to": ""}, "“To” is empty"),
        ({"to": None}, "“To” is empty"),
        ({"to": 3}, "“To” has to be addresses"),
        ({"to": [f"a{n}@x.de" for n in range(101)]}, "goes to 101 people"),
        ({"to": "a@x.de," * 8000}, "longer than 40,000"),
        ({"subject": " "}, "“Subject” is empty"),
        ({"subject": "x" * 901}, "longer than 900"),
        ({"text": "", "html": " "}, "the mail is empty"),
        ({"text": "x" * 2_000_001}, "“Text” is longer"),
        ({"text": {"a": 1}}, "“text” has to be text"),
        ({"template": "welcome"}, "“subject” can't be given beside a template"),
    ],
)
def test_what_can_t_be_sent_is_refused_in_words(inputs, said):
    assert said in refusal(**inputs)


def test_a_template_is_filled_in_and_its_html_stays_safe():
    welcome = MailContent("Hello {{name}}", "{{name}} & {{var1}}", "<b>{{name}}</b>{{{var1}}}")
    values = {"name": "<Ana>", "var1": "<i>{{name}}</i>"}

    mail = send(RecordingMail(welcome=welcome), to="a@x.de", template="welcome", values=values)[1]

    assert mail.subject == "Hello <Ana>"
    assert mail.text == "<Ana> & <i>{{name}}</i>"
    assert mail.html == "<b>&lt;Ana&gt;</b><i>{{name}}</i>"


def test_a_value_that_a_template_misses_keeps_the_mail_back():
    welcome = MailContent("Hello {{ name }}", "{{var1}}")
    given = {"subject": None, "text": None, "template": "welcome", "values": {"name": "Ana"}}

    assert "needs a value for “var1”" in refusal(RecordingMail(welcome=welcome), **given)


def test_a_value_can_t_break_out_of_a_template_s_subject():
    welcome = MailContent("Hello {{name}}", "Hi")
    values = {"name": "Ana\r\nBcc: victim@example.org"}
    given = {"subject": None, "text": None, "template": "welcome", "values": values}

    assert "line break" in refusal(RecordingMail(welcome=welcome), **given)


def test_a_failure_that_may_pass_is_worth_another_attempt():
    class AwayMail(RecordingMail):
        def send(self, mail, *, connection=None):
            raise MailFailed("No connection", kind="connection", retryable=True, retry_after=3)

    with pytest.raises(StepFailed) as failure:
        send(AwayMail(), **MAIL)

    assert (failure.value.kind, failure.value.retryable) == ("connection", True)
    assert failure.value.retry_after == 3


def test_its_card_says_to_whom_and_about_what():
    inputs = {"to": "{{ trigger.email }}", "subject": "Your order"}

    assert SendEmail().summary(Step("m", "send_email", inputs)) == "trigger › email · Your order"
