"""
Whom each endpoint is for, and what a token must have been made for: one table, tested as a whole.

*who* is the same as the pages': a token never opens what its owner's pages do not. What may be
done with one request, report or incident, `workflow` decides, for pages and programs alike.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_webui.access import Who


class Needs(msgspec.Struct, frozen=True):
    """What an endpoint needs; *scope* None: any token, or none where it is for anybody."""

    scope: Scope | None
    who: Who


_OPEN = {
    ("GET", "/openapi.json"): Who.ANYBODY,
    ("GET", "/filtering"): Who.ANYBODY,
    ("GET", "/help-lines"): Who.ANYBODY,
    ("GET", "/filtering.txt"): Who.ANYBODY,
    ("GET", "/filtering.pdf"): Who.ANYBODY,
    ("POST", "/reports"): Who.ANYBODY,
    ("POST", "/reports/by-code"): Who.ANYBODY,
    ("GET", "/me"): Who.SIGNED_IN,
    # It says no more than the token's scopes let it see.
    ("GET", "/waiting"): Who.SIGNED_IN,
}
_REQUESTS_READ = {
    ("GET", "/requests"): Who.WHO_MAY_ASK,
    ("GET", "/requests/{number}"): Who.WHO_MAY_ASK,
    ("GET", "/requests/{number}/form.pdf"): Who.WHO_MAY_ASK,
    ("GET", "/request-drafts"): Who.WHO_MAY_ASK,
    ("GET", "/request-drafts/{number}"): Who.WHO_MAY_ASK,
    ("GET", "/grants"): Who.WHO_SEES_GRANTS,
    ("GET", "/delegations"): Who.WHO_MAY_ASK,
    ("GET", "/standing"): Who.WHO_SEES_STANDING,
    ("GET", "/standing/requests"): Who.WHO_SEES_STANDING,
    ("GET", "/standing/requests/{number}"): Who.WHO_SEES_STANDING,
}
_REQUESTS_WRITE = {
    ("POST", "/requests"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/change"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/measures"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/question"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/answer"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/how-it-went"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/note"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/withdraw"): Who.WHO_MAY_ASK,
    ("POST", "/requests/{number}/decision"): Who.WHO_MAY_ASK,
    ("POST", "/request-drafts"): Who.WHO_MAY_ASK,
    ("PUT", "/request-drafts/{number}"): Who.WHO_MAY_ASK,
    ("DELETE", "/request-drafts/{number}"): Who.WHO_MAY_ASK,
    ("POST", "/request-drafts/{number}/submit"): Who.WHO_MAY_ASK,
    ("POST", "/delegations"): Who.WHO_MAY_ASK,
    ("POST", "/delegations/{number}/withdraw"): Who.WHO_MAY_ASK,
    ("POST", "/standing/requests"): Who.WHO_SEES_STANDING,
    ("POST", "/standing/requests/{number}/controls"): Who.WHO_SEES_STANDING,
    ("POST", "/standing/requests/{number}/withdraw"): Who.WHO_SEES_STANDING,
    ("POST", "/standing/requests/{number}/decision"): Who.WHO_SEES_STANDING,
    ("POST", "/standing/records/{number}/withdraw"): Who.WHO_SEES_STANDING,
}
_CONCERNS_READ = {
    ("GET", "/reports"): Who.SIGNED_IN,
    ("GET", "/reports/{number}"): Who.SIGNED_IN,
    ("GET", "/blocks"): Who.WHO_SEES_BLOCKS,
    ("GET", "/blocks/{number}"): Who.WHO_SEES_BLOCKS,
    ("GET", "/incidents"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/incidents/{number}"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/incidents/record.csv"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/incidents/{number}/record.csv"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/incidents/{number}/record.pdf"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/restrictions"): Who.WHO_HANDLES_INCIDENTS,
    ("GET", "/supervised-sessions"): Who.WHO_SUPERVISES,
    ("GET", "/supervised-pupils"): Who.WHO_SUPERVISES,
    ("GET", "/device-assignments"): Who.WHO_SUPERVISES,
}
_CONCERNS_WRITE = {
    ("POST", "/reports/{number}/answer"): Who.WHO_HANDLES_REPORTS,
    ("POST", "/reports/{number}/incident"): Who.WHO_HANDLES_REPORTS,
    ("POST", "/reports/{number}/about"): Who.WHO_HANDLES_REPORTS,
    ("POST", "/reports/{number}/not-about"): Who.WHO_HANDLES_REPORTS,
    ("POST", "/blocks"): Who.WHO_BLOCKS,
    ("POST", "/blocks/{number}/lift"): Who.WHO_LIFTS_BLOCKS,
    ("POST", "/incidents"): Who.WHO_OPENS_INCIDENTS,
    ("POST", "/incidents/{number}/take-up"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/note"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/action"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/name"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/close"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/reopen"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/incidents/{number}/propose"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/restrictions/{number}/decide"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/restrictions/{number}/end"): Who.WHO_HANDLES_INCIDENTS,
    ("POST", "/supervised-sessions"): Who.WHO_SUPERVISES,
    ("POST", "/supervised-sessions/{number}/end"): Who.WHO_SUPERVISES,
    ("POST", "/device-assignments"): Who.WHO_SUPERVISES,
    ("POST", "/device-assignments/{number}/give-back"): Who.WHO_SUPERVISES,
}
_LOG_READ = {
    ("GET", "/log"): Who.WHO_SEES_ATTEMPTS,
    ("GET", "/log/looks"): Who.WHO_SEES_LOOKS,
    ("GET", "/log/people"): Who.WHO_OPENS_RECORDS,
    ("GET", "/log/people/{person}"): Who.WHO_OPENS_RECORDS,
    ("GET", "/log/people/{person}/records.csv"): Who.WHO_OPENS_RECORDS,
    ("GET", "/figures"): Who.WHO_SEES_FIGURES,
    ("GET", "/figures/{table}.csv"): Who.WHO_SEES_FIGURES,
}
_LOG_WRITE = {
    ("POST", "/log/looks"): Who.WHO_OPENS_RECORDS,
}
_POLICY_READ = {
    ("GET", "/policy"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/versions"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/versions/{number}"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/versions/{number}/documents"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/drafts/{number}"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/drafts/{number}/changes"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/drafts/{number}/changes/{kind}"): Who.WHO_DRAFTS,
    ("GET", "/policy/drafts/{number}/proof"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/drafts/{number}/replay"): Who.WHO_SEES_VERSIONS,
    ("GET", "/policy/compare"): Who.WHO_SEES_VERSIONS,
    ("GET", "/why"): Who.WHO_SEES_REASONS,
}
_POLICY_WRITE = {
    ("POST", "/policy/drafts"): Who.WHO_DRAFTS,
    ("POST", "/policy/drafts/{number}/changes/{kind}"): Who.WHO_DRAFTS,
    ("POST", "/policy/drafts/{number}/undo"): Who.WHO_DRAFTS,
    ("POST", "/policy/drafts/{number}/rebase"): Who.WHO_DRAFTS,
    ("POST", "/policy/drafts/{number}/proof"): Who.WHO_CHECKS,
    ("POST", "/policy/drafts/{number}/replay"): Who.WHO_CHECKS,
    ("POST", "/policy/drafts/{number}/propose"): Who.WHO_DRAFTS,
    ("POST", "/policy/drafts/{number}/approve"): Who.WHO_APPROVES,
    ("POST", "/policy/drafts/{number}/refuse"): Who.WHO_JUDGES,
    ("POST", "/policy/drafts/{number}/withdraw"): Who.WHO_CHECKS,
    ("POST", "/policy/versions/{number}/bring-back"): Who.WHO_DRAFTS,
    ("POST", "/policy/versions/{number}/direct"): Who.WHO_DIRECTS,
}
_SCHOOL_READ = {
    ("GET", "/people"): Who.WHO_SEES_REGISTER,
    ("GET", "/people/{person}"): Who.WHO_SEES_REGISTER,
    ("GET", "/classes"): Who.WHO_SEES_REGISTER,
    ("GET", "/classes/{line}"): Who.WHO_SEES_REGISTER,
    ("GET", "/devices"): Who.WHO_SEES_REGISTER,
    ("GET", "/devices/{line}"): Who.WHO_SEES_REGISTER,
    ("GET", "/networks"): Who.WHO_SEES_REGISTER,
    ("GET", "/different-days"): Who.WHO_SEES_REGISTER,
    ("GET", "/school"): Who.WHO_SEES_REGISTER,
    ("GET", "/calendar"): Who.WHO_SEES_REGISTER,
    ("GET", "/school-year"): Who.WHO_KEEPS_REGISTER,
    ("GET", "/people/{person}/forgetting"): Who.WHO_FORGETS,
    ("GET", "/suggested-sites"): Who.WHO_LISTS_SITES,
}
_SCHOOL_WRITE = {
    ("POST", "/people"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/people/import"): Who.WHO_KEEPS_REGISTER,
    ("PUT", "/people/{person}"): Who.WHO_KEEPS_LINES,
    ("POST", "/people/{person}/leave"): Who.WHO_KEEPS_LINES,
    ("POST", "/people/{person}/back"): Who.WHO_KEEPS_LINES,
    ("POST", "/people/{person}/duties"): Who.WHO_GIVES_DUTIES,
    ("POST", "/classes"): Who.WHO_KEEPS_REGISTER,
    ("PUT", "/classes/{line}"): Who.WHO_KEEPS_REGISTER,
    ("DELETE", "/classes/{line}"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/devices"): Who.WHO_KEEPS_REGISTER,
    ("PUT", "/devices/{line}"): Who.WHO_KEEPS_REGISTER,
    ("DELETE", "/devices/{line}"): Who.WHO_KEEPS_REGISTER,
    ("PUT", "/networks/{network}"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/different-days"): Who.WHO_DIRECTS_DAYS,
    ("POST", "/different-days/{number}/withdraw"): Who.WHO_DIRECTS_DAYS,
    ("PUT", "/school"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/school-year"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/overtime"): Who.WHO_KEEPS_REGISTER,
    ("POST", "/people/{person}/forget"): Who.WHO_FORGETS,
    ("POST", "/suggested-sites"): Who.WHO_LISTS_SITES,
    ("DELETE", "/suggested-sites/{number}"): Who.WHO_LISTS_SITES,
}
_RECORDS_READ = {
    ("GET", "/audit"): Who.WHO_SEES_AUDIT,
    ("GET", "/audit/checkpoints"): Who.WHO_SEES_AUDIT,
    ("GET", "/audit/checkpoints/{size}"): Who.WHO_SEES_AUDIT,
    ("GET", "/retention"): Who.WHO_SEES_AUDIT,
    ("GET", "/retention/runs"): Who.WHO_SEES_AUDIT,
    ("GET", "/legal-holds"): Who.WHO_SEES_AUDIT,
    ("GET", "/training"): Who.WHO_READS_TRAINING,
    ("GET", "/acknowledgements"): Who.WHO_SEES_ACKNOWLEDGEMENTS,
}
_RECORDS_WRITE = {
    ("POST", "/audit/checkpoints"): Who.WHO_SEES_AUDIT,
    ("POST", "/legal-holds"): Who.WHO_SEES_AUDIT,
    ("POST", "/legal-holds/{number}/lift"): Who.WHO_SEES_AUDIT,
    ("POST", "/training"): Who.WHO_RECORDS_TRAINING,
}
_SYSTEM_READ = {
    ("GET", "/status"): Who.WHO_SEES_MAIL,
    ("GET", "/mail"): Who.WHO_SEES_MAIL,
}
_ACCOUNT_READ = {
    ("GET", "/me/email"): Who.SIGNED_IN,
}

_PARTS: tuple[tuple[Scope | None, Mapping[tuple[str, str], Who]], ...] = (
    (None, _OPEN),
    (Scope.REQUESTS_READ, _REQUESTS_READ),
    (Scope.REQUESTS_WRITE, _REQUESTS_WRITE),
    (Scope.CONCERNS_READ, _CONCERNS_READ),
    (Scope.CONCERNS_WRITE, _CONCERNS_WRITE),
    (Scope.LOG_READ, _LOG_READ),
    (Scope.LOG_WRITE, _LOG_WRITE),
    (Scope.POLICY_READ, _POLICY_READ),
    (Scope.POLICY_WRITE, _POLICY_WRITE),
    (Scope.SCHOOL_READ, _SCHOOL_READ),
    (Scope.SCHOOL_WRITE, _SCHOOL_WRITE),
    (Scope.RECORDS_READ, _RECORDS_READ),
    (Scope.RECORDS_WRITE, _RECORDS_WRITE),
    (Scope.SYSTEM_READ, _SYSTEM_READ),
    (Scope.ACCOUNT_READ, _ACCOUNT_READ),
)

# An endpoint that is missing here is for nobody.
TABLE: Mapping[tuple[str, str], Needs] = MappingProxyType(
    {endpoint: Needs(scope, who) for scope, part in _PARTS for endpoint, who in part.items()}
)


def needs_of(method: str, path: str) -> Needs | None:
    """Return what the endpoint needs; None where it stands nowhere: it is for nobody."""
    return TABLE.get((method, path))
