"""Where the person was going before they were asked to sign in."""

from flask import request, url_for


def wanted_page() -> str:
    """That page; never another site."""
    wanted = request.values.get("next", "")
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isprintable() else url_for("home.index")
