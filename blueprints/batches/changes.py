"""What can be done with a batch: pause it, go on, cancel it, run again what failed."""

from flask import Response, url_for

from blueprints.access import current_person
from blueprints.batches import bp, words
from blueprints.batches.views import visible
from blueprints.formats import plural
from blueprints.hypermedia import go_to, render
from core import clock
from core.runtime import batch_changes
from core.runtime.batch_changes import CannotRunAgain


@bp.post("/<batch_id>/pause")
def pause(batch_id: str) -> Response:
    is_paused = batch_changes.pause(visible(batch_id).batch, by=current_person().name)
    said = "Paused: what runs goes on, nothing further begins." if is_paused else "It does not run."
    here = url_for("batches.show", batch_id=batch_id)
    return go_to(here, toast=said, failed=not is_paused)


@bp.post("/<batch_id>/going-on")
def resume(batch_id: str) -> Response:
    is_resumed = batch_changes.resume(visible(batch_id).batch, by=current_person().name)
    said = "It goes on." if is_resumed else "It was not paused."
    here = url_for("batches.show", batch_id=batch_id)
    return go_to(here, toast=said, failed=not is_resumed)


@bp.get("/<batch_id>/cancellation")
def confirm_cancellation(batch_id: str) -> Response:
    line = words.Line(visible(batch_id), clock.now())
    return render("batches/cancel.html", "batches/_cancel.html", line=line)


@bp.post("/<batch_id>/cancellation")
def cancel(batch_id: str) -> Response:
    count = batch_changes.cancel(visible(batch_id).batch, by=current_person().name)
    said = f"{plural(count, 'item')} taken back." if count else "Nothing was left to take back."
    return go_to(url_for("batches.show", batch_id=batch_id), toast=said, failed=not count)


@bp.post("/<batch_id>/again")
def run_failed_again(batch_id: str) -> Response:
    batch = visible(batch_id).batch
    try:
        again = batch_changes.run_failed_again(batch, by=current_person().name)
    except CannotRunAgain as reason:
        here = url_for("batches.show", batch_id=batch_id)
        return go_to(here, toast=str(reason), failed=True)
    said = f"{plural(again.total, 'item')} run again."
    return go_to(url_for("batches.show", batch_id=again.id), toast=said)
