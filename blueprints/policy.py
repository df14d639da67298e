"""Who may do what: roles, verbs, and one row for every route. What has no row is refused."""

from enum import StrEnum

from core.storage.membership import Role


class Verb(StrEnum):
    """What a route lets somebody do."""

    CALL = "call"  # a public address with its own rules: no session, no form token
    VISIT = "visit"  # pages for people who are not signed in
    SEE = "see"
    SEE_DATA = "see data"
    RUN = "run"
    EDIT = "edit"
    PUBLISH = "publish"
    USE_CONNECTION = "use connection"
    MANAGE = "manage"
    OWN = "own"


_LOOKING = {Verb.SEE, Verb.SEE_DATA}
_BUILDING = {Verb.RUN, Verb.EDIT, Verb.PUBLISH, Verb.USE_CONNECTION}

VERBS_OF: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset(_LOOKING),
    Role.EDITOR: frozenset(_LOOKING | _BUILDING),
    Role.ADMIN: frozenset(_LOOKING | _BUILDING | {Verb.MANAGE}),
    Role.OWNER: frozenset(_LOOKING | _BUILDING | {Verb.MANAGE, Verb.OWN}),
}

ROUTES: dict[str, Verb] = {
    "static": Verb.CALL,
    "health.live": Verb.CALL,
    "health.ready": Verb.CALL,
    "metrics.show": Verb.CALL,
    "operating.health": Verb.SEE,
    "operating.examine": Verb.MANAGE,
    "operating.copy": Verb.MANAGE,
    "operating.start_sending": Verb.MANAGE,
    "endpoints.call": Verb.CALL,
    "endpoints.call_draft": Verb.CALL,
    "endpoints.show_run": Verb.CALL,
    "endpoints.answer": Verb.CALL,
    "endpoints.nothing": Verb.CALL,
    "approvals.show": Verb.VISIT,
    "approvals.answer": Verb.VISIT,
    "connections.index": Verb.SEE,
    "connections.new": Verb.MANAGE,
    "connections.create": Verb.MANAGE,
    "connections.show": Verb.SEE,
    "connections.change": Verb.MANAGE,
    "connections.attempt": Verb.USE_CONNECTION,
    "connections.send_test_mail": Verb.USE_CONNECTION,
    "connections.confirm_deletion": Verb.MANAGE,
    "connections.delete": Verb.MANAGE,
    "mail_templates.index": Verb.SEE,
    "mail_templates.new": Verb.EDIT,
    "mail_templates.create": Verb.EDIT,
    "mail_templates.show": Verb.SEE,
    "mail_templates.mail_content": Verb.SEE,
    "mail_templates.change": Verb.EDIT,
    "mail_templates.duplicate": Verb.EDIT,
    "mail_templates.confirm_deletion": Verb.EDIT,
    "mail_templates.delete": Verb.EDIT,
    "mail_templates.new_trial": Verb.USE_CONNECTION,
    "mail_templates.send_trial": Verb.USE_CONNECTION,
    "outbox.index": Verb.SEE_DATA,
    "outbox.show": Verb.SEE_DATA,
    "outbox.mail_content": Verb.SEE_DATA,
    "outbox.choose_mailbox": Verb.USE_CONNECTION,
    "outbox.send": Verb.USE_CONNECTION,
    "outbox.settings": Verb.SEE,
    "outbox.change_settings": Verb.MANAGE,
    "outbox.change_own": Verb.SEE,
    "keys.index": Verb.SEE,
    "keys.new": Verb.MANAGE,
    "keys.create": Verb.MANAGE,
    "keys.confirm_revocation": Verb.MANAGE,
    "keys.revoke": Verb.MANAGE,
    "docs.index": Verb.SEE,
    "docs.page": Verb.SEE,
    "docs.file": Verb.SEE,
    "home.index": Verb.SEE,
    "home.first_steps": Verb.SEE,
    "home.make_key": Verb.MANAGE,
    "runs.index": Verb.SEE,
    "runs.of_workflow": Verb.SEE,
    "runs.show": Verb.SEE_DATA,
    "runs.value": Verb.SEE_DATA,
    "runs.cancel": Verb.RUN,
    "runs.run_again": Verb.RUN,
    "runs.edit_input": Verb.RUN,
    "runs.run_edited": Verb.RUN,
    "runs.decide": Verb.RUN,
    "runs.retry": Verb.RUN,
    "batches.index": Verb.SEE,
    "batches.show": Verb.SEE_DATA,
    "batches.pause": Verb.RUN,
    "batches.resume": Verb.RUN,
    "batches.confirm_cancellation": Verb.RUN,
    "batches.cancel": Verb.RUN,
    "batches.run_failed_again": Verb.RUN,
    "runs.answer": Verb.RUN,
    "schedules.index": Verb.SEE,
    "schedules.waiting": Verb.SEE_DATA,
    "schedules.new": Verb.EDIT,
    "schedules.create": Verb.EDIT,
    "schedules.pause": Verb.PUBLISH,
    "schedules.resume": Verb.PUBLISH,
    "schedules.pause_all": Verb.PUBLISH,
    "schedules.resume_all": Verb.PUBLISH,
    "schedules.leave_out": Verb.PUBLISH,
    "schedules.edit_time": Verb.PUBLISH,
    "schedules.move": Verb.PUBLISH,
    "schedules.run_now": Verb.RUN,
    "schedules.cancel_runs": Verb.RUN,
    "schedules.edit_wait": Verb.RUN,
    "schedules.move_wait": Verb.RUN,
    "sessions.sign_in": Verb.VISIT,
    "sessions.open_session": Verb.VISIT,
    "sessions.code": Verb.VISIT,
    "sessions.check_code": Verb.VISIT,
    "sessions.sign_out": Verb.SEE,
    "sessions.new_owner": Verb.VISIT,
    "sessions.create_owner": Verb.VISIT,
    "settings.workspace": Verb.SEE,
    "settings.change_workspace": Verb.MANAGE,
    "settings.profile": Verb.SEE,
    "settings.change_profile": Verb.SEE,
    "settings.change_password": Verb.SEE,
    "settings.begin_second_factor": Verb.SEE,
    "settings.forget_second_factor": Verb.SEE,
    "settings.switch_on_second_factor": Verb.SEE,
    "settings.change_second_factor": Verb.SEE,
    "styleguide.index": Verb.SEE,
    "editor.show": Verb.SEE,
    "editor.step_text": Verb.SEE,
    "editor.step_values": Verb.SEE_DATA,
    "editor.library": Verb.EDIT,
    "editor.operate": Verb.EDIT,
    "editor.change_step": Verb.EDIT,
    "editor.change_label": Verb.EDIT,
    "editor.show_starts": Verb.SEE,
    "editor.change_starts": Verb.EDIT,
    "editor.switch_called": Verb.EDIT,
    "editor.read_parameters": Verb.EDIT,
    "editor.add_schedule": Verb.EDIT,
    "editor.change_schedule": Verb.EDIT,
    "editor.remove_schedule": Verb.EDIT,
    "editor.make_key": Verb.MANAGE,
    "editor.new_test_run": Verb.RUN,
    "editor.foresee": Verb.RUN,
    "editor.start_test_run": Verb.RUN,
    "editor.cancel_test_run": Verb.RUN,
    "editor.progress": Verb.SEE_DATA,
    "editor.new_publication": Verb.PUBLISH,
    "editor.publish": Verb.PUBLISH,
    "editor.settings": Verb.SEE,
    "editor.change_settings": Verb.EDIT,
    "editor.versions": Verb.SEE,
    "editor.compare": Verb.SEE,
    "editor.bring_back": Verb.EDIT,
    "workflows.index": Verb.SEE,
    "workflows.new": Verb.EDIT,
    "workflows.create": Verb.EDIT,
    "workflows.enable": Verb.PUBLISH,
    "workflows.disable": Verb.PUBLISH,
    "workflows.edit_name": Verb.EDIT,
    "workflows.rename": Verb.EDIT,
    "workflows.duplicate": Verb.EDIT,
    "workflows.confirm_deletion": Verb.EDIT,
    "workflows.delete": Verb.EDIT,
    "workflows.export": Verb.SEE,
    "workflows.new_import": Verb.EDIT,
    "workflows.import_file": Verb.EDIT,
    "workflows.new_run": Verb.RUN,
    "workflows.start_run": Verb.RUN,
}

# What is left to who must set up two-factor sign-in first.
WITHOUT_SECOND_FACTOR = {
    "settings.profile",
    "settings.begin_second_factor",
    "settings.forget_second_factor",
    "settings.switch_on_second_factor",
    "sessions.sign_out",
}


def may(role: Role, verb: Verb) -> bool:
    """Whether a member with that role may do it."""
    return verb in VERBS_OF[role]
