"""What the line about a delivery has to be, read from the payload by plain Python."""

REVIEWS = {"approved": "approved", "changes_requested": "requested changes on"}
ALERTS = {
    "code_scanning_alert": lambda body: body["alert"]["rule"]["description"],
    "dependabot_alert": lambda body: body["alert"]["security_advisory"]["summary"],
    "repository_vulnerability_alert": lambda body: body["alert"]["affected_package_name"],
    "security_advisory": lambda body: body["security_advisory"]["summary"],
}
PULL_REQUESTS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
)
ISSUES = ("issues", "issue_comment", "discussion", "discussion_comment")
BUILDS = (
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "status",
    "workflow_job",
    "workflow_run",
)


def expected(event, body):
    """The line for any delivery."""
    return LINES.get(event, of_anything)(event, body)


def who(body):
    return body["sender"]["login"] if "sender" in body else "GitHub"


def where(body):
    if "repository" in body:
        return body["repository"]["full_name"]
    if body.get("organization"):
        return body["organization"]["login"]
    if body.get("installation", {}).get("account"):
        return body["installation"]["account"]["login"]
    return "GitHub"


def action(body):
    return body.get("action", "").replace("_", " ")


def plain_ref(ref):
    return ref.replace("refs/heads/", "").replace("refs/tags/", "")


def spoken(event):
    return event.replace("_", " ").title()


def of_push(event, body):
    commits = body["commits"]
    kind = "tag" if body["ref"].startswith("refs/tags/") else "branch"
    end = f"{plain_ref(body['ref'])} in {where(body)}"
    if body["deleted"] or (body["created"] and not commits):
        return f"{who(body)} {'deleted' if body['deleted'] else 'created'} {kind} {end}"
    verb = "force-pushed" if body["forced"] else "pushed"
    lines = [f"{commit['id'][:7]} {commit['message'].splitlines()[0]}" for commit in commits]
    count = "1 commit" if len(commits) == 1 else f"{len(commits)} commits"
    about = ": " + "; ".join(lines) if lines else ""
    return f"{who(body)} {verb} {count} to {end}{about}"


def of_pull_request(event, body):
    pull = body["pull_request"]
    subject = f"pull request #{pull['number']} “{pull['title']}” in {where(body)}"
    return f"{who(body)} {pull_request_verb(event, body)} {subject}"


def pull_request_verb(event, body):
    if event == "pull_request_review" and body["action"] == "submitted":
        return REVIEWS.get(body["review"]["state"], "reviewed")
    if event == "pull_request_review":
        return f"{action(body)} a review of"
    if event == "pull_request_review_comment":
        return f"{action(body)} a review comment on"
    if event == "pull_request_review_thread":
        return f"{action(body)} a review thread on"
    if body["action"] == "closed" and body["pull_request"]["merged"]:
        return "merged"
    return "updated" if body["action"] == "synchronize" else action(body)


def of_issue(event, body):
    topic = body["discussion"] if event.startswith("discussion") else body["issue"]
    noun = "pull request" if "pull_request" in topic else "issue"
    noun = "discussion" if event.startswith("discussion") else noun
    verb = action(body)
    if event.endswith("_comment"):
        verb = "commented on" if verb == "created" else f"{verb} a comment on"
    label = f" ({body['label']['name']})" if "label" in body else ""
    title = f"#{topic['number']} “{topic['title']}”"
    return f"{who(body)} {verb} {noun} {title} in {where(body)}{label}"


def of_reference(event, body):
    end = f"{body['ref_type']} {plain_ref(body['ref'])} in {where(body)}"
    return f"{who(body)} {event}d {end}"


def of_release(event, body):
    if event == "package":
        package = body["package"]
        name = f"{package['name']} {package['package_version']['version']}"
    else:
        name = body["release"]["name"] or body["release"]["tag_name"]
    return f"{who(body)} {action(body)} {event} {name} in {where(body)}"


def of_build(event, body):
    end = f"in {where(body)}: {build_state(event, body).replace('_', ' ')}"
    return f"{spoken(event)} “{build_name(event, body)}” {end}"


def build_name(event, body):
    if event in ("deployment", "deployment_status"):
        run = body.get("workflow_run") or {}
        status = body.get("deployment_status", body["deployment"])
        return (
            run.get("name")
            or (body.get("workflow") or {}).get("name")
            or run.get("head_branch")
            or status.get("environment")
            or body["deployment"]["environment"]
        )
    match event:
        case "status":
            return body["context"]
        case "check_suite":
            return body["check_suite"]["app"]["name"]
        case "workflow_run":
            return body["workflow_run"]["name"] or body["workflow"]["name"]
    return body[event]["name"]


def build_state(event, body):
    if event == "status":
        return body["state"]
    thing = body[event]
    known = thing.get("conclusion") or thing.get("state") or thing.get("status")
    return known or body.get("action") or "created"


def of_alert(event, body):
    return f"{spoken(event)} {action(body)} in {where(body)}: {ALERTS[event](body)}"


def of_star(event, body):
    gone = event == "star" and body["action"] == "deleted"
    verb = "took the star back from" if gone else "starred"
    return f"{who(body)} {verb} {where(body)}"


def of_fork(event, body):
    return f"{who(body)} forked {where(body)} to {body['forkee']['full_name']}"


def of_sponsorship(event, body):
    friend, friendly = body["sponsorship"]["sponsor"], body["sponsorship"]["sponsorable"]
    return f"{friend['login']} sponsored {friendly['login']} ({action(body)})"


def of_anything(event, body):
    words = [event.replace("_", " "), action(body)]
    return f"{who(body)}: {' '.join(word for word in words if word)} in {where(body)}"


LINES = {
    "push": of_push,
    "create": of_reference,
    "delete": of_reference,
    "release": of_release,
    "package": of_release,
    "star": of_star,
    "watch": of_star,
    "fork": of_fork,
    "sponsorship": of_sponsorship,
    **dict.fromkeys(PULL_REQUESTS, of_pull_request),
    **dict.fromkeys(ISSUES, of_issue),
    **dict.fromkeys(BUILDS, of_build),
    **dict.fromkeys(ALERTS, of_alert),
}
