"""What expressions may read in these tests."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Steps(dict):
    """Null for steps that have not run, KeyError for those that aren't there."""


def make_scope(**roots):
    return {
        "trigger": {
            "email": " Ada@Example.COM ",
            "total": 1200,
            "empty": None,
            "note": "",
            "items": [
                {"sku": "B", "price": 2.5, "qty": 2},
                {"sku": "A", "price": 10, "qty": 0},
                {"sku": "C", "price": 1, "qty": 5},
            ],
            "customer": {"name": "Ada", "class": "gold", "odd key": 1, "ﬁ": "ligature"},
            "headers": {"x-delivery-id": "d-1"},
        },
        "steps": Steps(clean={"email": "ada@example.com", "lines": [1, 2]}, later=None),
        "vars": {"count": 3},
        "run": {"id": "r-1", "timezone": "Europe/Berlin"},
        "env": {},
        "__now__": lambda: NOW,
        "__callback_url__": lambda step_id, loops: f"https://example.com/callbacks/{step_id}",
        **roots,
    }
