"""What just happened, after something was done about an incident or a restriction."""

from collections.abc import Mapping

from schoolgate_webui.views.shared import Notice

NOTICES: Mapping[str, Notice] = {
    "incident-opened": Notice("The incident was opened."),
    "incident-reported": Notice(
        "Thank you: your concern was passed on to those who handle it. You will not see it here."
    ),
    "incident-taken-up": Notice("You are looking into it. The others who may can see that."),
    "incident-note": Notice("The note was added."),
    "incident-action": Notice("The action was recorded."),
    "incident-name": Notice("It was recorded who it was."),
    "incident-passed-on": Notice(
        "It was recorded who it was. Others handle matters about them, so you no longer see it."
    ),
    "incident-close": Notice("The incident was closed."),
    "incident-reopen": Notice("The incident was opened again."),
    "restriction-proposed": Notice("It was proposed. Nothing is in force until it is decided."),
    "restriction-decided": Notice("It was decided, and is in force within a second."),
    "restriction-refused": Notice("It was not approved: nothing changes."),
    "restriction-ended": Notice("It ended."),
    "supervision-opened": Notice("The supervised session is open. Stay beside the pupil."),
    "supervision-ended": Notice("The supervised session ended."),
    "device-assigned": Notice("The device was assigned. It is so within a second."),
    "device-given-back": Notice("The device was taken back."),
}
