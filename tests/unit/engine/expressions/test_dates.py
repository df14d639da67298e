import pytest

from core.engine.expressions import ExpressionError, resolve
from tests.unit.engine.expressions.scopes import make_scope

# Berlin leaves summer time on 2026-10-25 at 03:00 and enters it on 2026-03-29 at 02:00.
COMPUTED = [
    ("date('2026-11-22T09:00:00+01:00')", "2026-11-22T08:00:00.000Z"),
    ("date('2026-11-22T09:00')", "2026-11-22T08:00:00.000Z"),
    ("date('2026-07-01')", "2026-06-30T22:00:00.000Z"),
    ("date('2026-11-22 08:00:00.123456789Z')", "2026-11-22T08:00:00.123Z"),
    ("date('2026-03-29T02:30')", "2026-03-29T01:30:00.000Z"),
    ("date('2026-10-25T02:30')", "2026-10-25T00:30:00.000Z"),
    ("date(1795334400000)", "2026-11-22T08:00:00.000Z"),
    ("date(-1)", "1969-12-31T23:59:59.999Z"),
    ("add_time('2026-10-24T10:00:00Z', '1d')", "2026-10-25T11:00:00.000Z"),
    ("add_time('2026-10-24T10:00:00Z', '24h')", "2026-10-25T10:00:00.000Z"),
    ("add_time('2026-10-24T10:00:00Z', '1d', 'UTC')", "2026-10-25T10:00:00.000Z"),
    ("add_time('2026-01-31T12:00:00Z', '1 month')", "2026-02-28T12:00:00.000Z"),
    ("add_time('2024-02-29T12:00:00Z', 'P1Y')", "2025-02-28T12:00:00.000Z"),
    ("add_time('2026-03-31T12:00:00Z', '-1 month', 'UTC')", "2026-02-28T12:00:00.000Z"),
    ("add_time('2026-11-22T08:00:00Z', '1w 2d 3h 4m 5s 6ms')", "2026-12-01T11:04:05.006Z"),
    ("add_time('2026-11-22T08:00:00Z', 90)", "2026-11-22T08:01:30.000Z"),
    ("add_time(now(), '-500ms')", "2026-11-22T07:59:59.500Z"),
    ("difference('2026-11-22', '2026-11-21', 'hours')", 24),
    ("difference('2026-10-26', '2026-10-25', 'hours')", 25),
    ("difference('2026-11-21T12:00Z', '2026-11-22T00:00Z', 'days')", -0.5),
    ("difference('2026-03-31', '2026-02-28', 'months')", 1),
    ("difference('2026-03-30', '2026-01-31', 'month')", 1),
    ("difference('2024-02-28', '2026-02-28', 'years')", -2),
    ("difference('2024-03-01', '2026-02-28', 'years')", -1),
    ("difference('2026-12-31', '2026-01-01', 'quarters')", 3),
    ("format_date(now(), 'YYYY-MM-DD HH:mm:ss.SSS Z')", "2026-11-22 09:00:00.000 +01:00"),
    ("format_date(now(), 'yyyy-MM-dd', 'UTC')", "2026-11-22"),
    ("format_date(now(), '%d.%m.%Y %H:%M %%', 'UTC')", "22.11.2026 08:00 %"),
    (
        "format_date(now(), '[Week of] ddd D MMM YY, h:mm A', 'UTC')",
        "Week of Sun 22 Nov 26, 8:00 AM",
    ),
    ("format_date(now(), \"'day' EEEE d\", 'UTC')", "day Sunday 22"),
    ("format_date(now(), 'X x ZZ')", "1795334400 1795334400000 +0100"),
    ("parse_date('11/22/26 8 PM', 'MM/DD/YY h A', 'UTC')", "2026-11-22T20:00:00.000Z"),
    ("parse_date('22 nov 2026', 'D MMM YYYY')", "2026-11-21T23:00:00.000Z"),
    ("parse_date('2026-11-22 09:00 +02:00', '%Y-%m-%d %H:%M %z')", "2026-11-22T07:00:00.000Z"),
    ("parse_date('1795334400', 'X')", "2026-11-22T08:00:00.000Z"),
    ("parse_date('2026-11-22')", "2026-11-21T23:00:00.000Z"),
    ("start_of('2026-11-22T23:30:00Z', 'day')", "2026-11-22T23:00:00.000Z"),
    ("start_of('2026-11-22T08:00:00Z', 'week')", "2026-11-15T23:00:00.000Z"),
    ("start_of('2026-11-22T08:00:00Z', 'quarter')", "2026-09-30T22:00:00.000Z"),
    ("start_of('2026-11-22T08:00:00Z', 'years', 'UTC')", "2026-01-01T00:00:00.000Z"),
    ("start_of('2026-11-22T08:34:56.789Z', 'hour')", "2026-11-22T08:00:00.000Z"),
    ("start_of('2026-11-22T08:34:56.789Z', 'minute', 'Asia/Kolkata')", "2026-11-22T08:34:00.000Z"),
    ("start_of('2026-11-22T08:34:56.789Z', 'hour', 'Asia/Kolkata')", "2026-11-22T08:30:00.000Z"),
    ("end_of('2026-10-25T08:00:00Z', 'day')", "2026-10-25T22:59:59.999Z"),
    ("end_of('2026-02-10T00:00:00Z', 'month', 'UTC')", "2026-02-28T23:59:59.999Z"),
    ("end_of('2026-02-10T00:00:00Z', 'second')", "2026-02-10T00:00:00.999Z"),
    ("weekday('2026-11-22T23:30:00Z')", 1),
    ("weekday('2026-11-22T23:30:00Z', 'UTC')", 7),
    ("to_zone('2026-11-22T08:00:00Z', 'America/New_York')", "2026-11-22T03:00:00.000-05:00"),
    ("to_zone(now(), 'Asia/Tokyo') == now()", True),
    ("date('') == null", True),
]


@pytest.mark.parametrize(("expression", "value"), COMPUTED)
def test_dates_count_as_a_calendar_does(expression, value):
    assert resolve("{{ " + expression + " }}", make_scope()) == value


REFUSED = [
    ("to_zone(now(), 'Europe/Atlantis')", "there is no time zone called “Europe/Atlantis”"),
    ("to_zone(now(), '../etc/passwd')", "there is no time zone called"),
    ("to_zone(now(), '/etc/localtime')", "there is no time zone called"),
    ("to_zone(now(), 'Europe')", "there is no time zone called"),
    ("add_time(now(), 'soon')", "“soon” is not a length of time"),
    ("add_time(now(), '1.5 months')", "months and years are whole numbers"),
    ("add_time(now(), '9000y')", "is not a length of time"),
    ("add_time(now(), '9000 years')", "too far away"),
    ("add_time(now(), 1e300)", "is too long"),
    ("start_of(now(), 'decade')", "there is no unit called “decade”"),
    ("format_date(now(), '%Q')", "“%Q” is not known"),
    ("parse_date('22.11.2026', 'YYYY-MM-DD')", "is not written as YYYY-MM-DD"),
    ("parse_date('31.02.2026', 'DD.MM.YYYY')", "there is no such date"),
    ("parse_date('1 1', 'D D')", "stands twice"),
    ("date('0001-01-01')", "there is no such date"),
    ("end_of('9999-12-31T12:00:00Z', 'day')", "too far away"),
    ("start_of('0001-01-01T00:00:00Z', 'day', 'Asia/Tokyo')", "too far away"),
]


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_what_is_no_date_is_refused(expression, words):
    with pytest.raises(ExpressionError) as refusal:
        resolve("{{ " + expression + " }}", make_scope())

    assert words in refusal.value.message


@pytest.mark.parametrize("zone", [None, "", 5])
def test_without_a_zone_of_the_run_it_is_utc(zone):
    scope = make_scope(run={"timezone": zone})

    assert resolve("{{ date('2026-11-22') }}", scope) == "2026-11-22T00:00:00.000Z"
