"""Begin a bulk action, once it has been said what it will do; stop it."""

from flask import Response, abort, request, url_for

from blueprints import bulk_words
from blueprints.access import current_person, current_workspace
from blueprints.bulk import bp, choosing
from blueprints.bulk.choosing import Chosen, NothingChosen
from blueprints.bulk.views import visible
from blueprints.hypermedia import go_to, render
from core.runtime import bulk_actions
from core.runtime.bulk_actions import MOST, RunsMissing, TooMany
from core.runtime.run_filter import BadFilter

MISSING = "Some of these runs are not there any more. Load the list again, then choose."


@bp.get("/new")
def new() -> Response:
    try:
        chosen = choosing.read(request.args)
        foreseen = chosen.foresee()
        published = chosen.foresee(on_published=True) if chosen.kind == "retry" else None
    except (NothingChosen, BadFilter) as reason:
        return render("bulk/nothing.html", "bulk/_nothing.html", reason=reason)
    except RunsMissing:
        abort(404, MISSING)
    return render(
        "bulk/new.html",
        "bulk/_new.html",
        chosen=chosen,
        foreseen=foreseen,
        published=published,
        words=bulk_words,
        most=MOST,
    )


@bp.post("")
def create() -> Response:
    try:
        action_id = begin(choosing.read(request.form))
    except (NothingChosen, BadFilter, TooMany) as reason:
        return go_to(url_for("runs.index"), toast=str(reason), failed=True)
    except RunsMissing:
        abort(404, MISSING)
    return go_to(url_for("bulk.show", action_id=action_id))


@bp.post("/<action_id>/stop")
def stop(action_id: str) -> Response:
    view = visible(action_id)
    is_stopped = bulk_actions.stop(view.action.workspace_id, action_id, by=current_person().name)
    said = "Stopped: the rest stays as it is." if is_stopped else "It had ended already."
    here = url_for("bulk.show", action_id=action_id)
    return go_to(here, toast=said, failed=not is_stopped)


def begin(chosen: Chosen) -> str:
    """Write it down, and do a first portion at once."""
    workspace_id, by = current_workspace().id, current_person().name
    more = {"by": by, "on_published": chosen.on_published}
    if chosen.filters is None:
        action_id = bulk_actions.begin_chosen(workspace_id, chosen.kind, chosen.ids, **more)
    else:
        if chosen.foresee().is_too_many:
            raise TooMany(f"At most {MOST:,} runs at a time: narrow the filter.")
        action_id = bulk_actions.begin_matching(
            workspace_id, chosen.kind, chosen.filters.wanted, words=chosen.words, **more
        )
    bulk_actions.go_on(action_id)
    return action_id
