"""The editor: the canvas, the panel and the dialogs of one workflow's draft."""

from flask import Blueprint

bp = Blueprint("editor", __name__)

PART_OF = "workflows"

from blueprints.editor import (  # noqa: E402, F401
    library,
    operations,
    publication,
    schedule_form,
    settings,
    start_form,
    starts_page,
    step_form,
    test_run,
    versions,
    views,
)
