import json
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import config
from tests.integration.endpoints.conftest import runs, the_run
from tests.json_suite import FOLDER, needs_suite

REFUSED_ON_PURPOSE = {
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
    "y_object_escaped_null_in_key",
    "y_string_null_escape",
}
FORM = "application/x-www-form-urlencoded"
ANY = [{"key": "a", "optional": True}]


@needs_suite
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_what_is_json_is_kept_exactly_and_what_is_not_is_refused(publish, call):
    publish()

    for path in sorted(FOLDER.iterdir()):
        raw = path.read_bytes()
        answer = call(data=raw, content_type="application/json")
        is_good = path.name.startswith("y_") and path.stem not in REFUSED_ON_PURPOSE
        if is_good:
            assert answer.status_code == 202, path.name
            kept = runs()[-1].input["body"]
            assert (kept, type(kept)) == (json.loads(raw), type(json.loads(raw))), path.name
        elif path.name.startswith("n_") and raw:
            assert answer.status_code == 400, path.name
        assert answer.status_code in (202, 400), path.name


def test_bad_json_is_refused_with_its_place(publish, call):
    publish()

    answer = call(data=b'{"a": 1,\n "a": 2}', content_type="application/json; charset=UTF-8")

    assert answer.status_code == 400
    assert answer.json["body"] == {
        "status": "INVALID_JSON",
        "message": "The body is not valid JSON: line 2, column 2: "
        "the key “a” stands twice in one object.",
    }
    assert answer.json["errors"][0]["code"] == "DUPLICATE_KEY"


@pytest.mark.parametrize(
    ("body", "content_type", "kept"),
    [
        (b'{"a": [1]}', "application/json", {"a": [1]}),
        (b"[1, 2]", "application/vnd.api+json", [1, 2]),
        (b"null", "application/json", None),
        (b"", "application/json", None),
        (b"", "application/xml", None),
        (b"", None, None),
        (b"a=1&b=2&b=3&c", FORM, {"a": "1", "b": ["2", "3"], "c": ""}),
        ("ü\n1".encode(), "text/plain; charset=utf-8", "ü\n1"),
        (b"a,b\n1,2", "text/csv", "a,b\n1,2"),
    ],
)  # fmt: skip
def test_an_endpoint_without_parameters_takes_any_body(publish, call, body, content_type, kept):
    publish()

    assert call(data=body, content_type=content_type).status_code == 202
    assert the_run().input["body"] == kept


def test_a_multipart_form_is_a_form(publish, call):
    publish(parameters=[{"key": "name"}, {"key": "tags", "list": True}])

    answer = call(data={"name": "Ana ü", "tags": ["a", "b"]}, content_type="multipart/form-data")

    assert answer.status_code == 202
    assert (the_run().input["name"], the_run().input["tags"]) == ("Ana ü", ["a", "b"])


def test_a_file_in_a_form_is_refused_plainly(publish, call):
    publish()

    answer = call(data={"photo": (BytesIO(b"x"), "../../etc/passwd")})

    assert answer.status_code == 400
    assert answer.json["errors"][0]["parameter"] == "photo"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/xml"}, b"<a/>"),
        ({"Content-Type": "application/octet-stream"}, b"x"),
        ({}, b"x"),
        ({"Content-Type": "application/json; charset=utf-16"}, b"{}"),
        ({"Content-Type": "text/plain; charset=latin-1"}, b"x"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, b"{}"),
        ({"Content-Type": "\xff/\xff"}, b"x"),
    ],
)
def test_what_nobody_reads_is_415_with_what_is_read(publish, call, headers, body):
    publish()

    answer = call(data=body, headers=headers)

    assert answer.status_code == 415
    assert "application/json" in answer.headers["Accept-Post"]
    assert answer.json["body"]["status"] == "UNSUPPORTED_MEDIA_TYPE"


def test_text_is_no_body_for_declared_parameters(publish, call):
    publish(parameters=ANY)

    assert call(data=b"x", content_type="text/plain").status_code == 415
    assert call(data=b"[1]", content_type="application/json").status_code == 400
    assert call(data=b"", content_type="application/json").status_code == 202
    assert call(data=b"null", content_type="application/json").status_code == 202


@pytest.mark.parametrize(
    "body",
    [b"\xff", b"a=%ff", b"a=%00", b"a=\x00", b"&".join(b"a=1" for _ in range(1001))],
    ids=lambda body: repr(body)[:20],
)
def test_a_form_that_cannot_be_kept_is_refused(publish, call, body):
    publish()

    assert call(data=body, content_type=FORM).status_code == 400


@pytest.mark.parametrize("query", ["a=%ff", "a=%00", "&".join(["a=1"] * 1001)])
def test_a_query_that_cannot_be_kept_is_refused(publish, call, query):
    publish()

    assert call(f"intake?{query}", json={}).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\xff",
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/form-data; boundary=other",
    ],
)
def test_a_damaged_multipart_form_is_refused(publish, call, content_type):
    publish()
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'

    assert call(data=body, content_type=content_type).status_code == 400


class Counting(BytesIO):
    """A body that says how much of it was read."""

    read_bytes = 0

    def read(self, size=-1):
        piece = super().read(size)
        self.read_bytes += len(piece)
        return piece

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.read_bytes += count
        return count


@pytest.fixture
def small_bodies(settings):
    from dataclasses import replace

    config.use(replace(settings, max_body=1000))


def test_what_nobody_wants_is_taken_off_the_line_so_that_the_caller_hears_the_answer(
    small_bodies, publish, call
):
    publish(auth={"scheme": "api_key"})
    body = Counting(b'"' + b"a" * 3_000 + b'"')

    answer = call(input_stream=body, content_length=3_002, content_type="application/json")

    assert answer.status_code == 413
    assert answer.json["body"]["status"] == "BODY_TOO_LARGE"
    assert body.read_bytes == 3_002


def test_a_body_that_says_it_is_far_too_large_is_not_read(small_bodies, publish, call):
    publish()
    body = Counting(b'"' + b"a" * 70_000 + b'"')

    answer = call(input_stream=body, content_length=70_002, content_type="application/json")

    assert answer.status_code == 413
    assert body.read_bytes == 0


def test_a_body_that_does_not_say_its_length_is_read_up_to_the_limit(small_bodies, publish, call):
    publish()
    body = Counting(b'"' + b"a" * 1_000_000 + b'"')
    endless = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    answer = call(input_stream=body, content_type="application/json", environ_overrides=endless)

    assert answer.status_code == 413, answer.text
    assert body.read_bytes < 100_000


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_no_name_in_a_body_reaches_a_file(publish, call, tmp_path, content_type):
    canary = tmp_path / "canary"
    canary.write_text("canary-4711")
    publish()
    names = {
        name: {"filepath": str(canary), "path": str(canary)}
        for name in ("files", "filepath", "path", "body", "headers", "_internal", "caller")
    }

    call(data=json.dumps(names).encode(), content_type=content_type)

    assert all("canary-4711" not in json.dumps(run.input) for run in runs())
    assert all(run.input["caller"]["kind"] == "anonymous" for run in runs())


CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/xml",
        "; ;=",
        "",
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
BODIES = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=40).map(lambda text: json.dumps(text).encode()),
    st.sampled_from([b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--']),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=5,
    ).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Idempotency-Key", "X-Timezone", "Authorization", "Content-Encoding", "X-Any", "Cookie"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
    max_size=2,
)


def test_nothing_that_is_sent_breaks_an_endpoint(publish, call):
    kinds = ["text", "number", "yes_no", "date", "object", "email", "url"]
    publish()
    publish(
        "typed",
        parameters=[{"key": key, "type": kind} for key, kind in zip("abcdefg", kinds, strict=True)],
    )

    @given(
        st.sampled_from(["intake", "typed"]), CONTENT_TYPES, BODIES, HEADERS, st.text(max_size=9)
    )
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    def check(name, content_type, body, headers, query):
        answer = call(
            name, data=body, content_type=content_type, headers=headers, query_string={"a": query}
        )
        assert answer.status_code < 500, answer.text
        assert answer.status_code == 202 or answer.json["statusCode"] == answer.status_code

    check()
