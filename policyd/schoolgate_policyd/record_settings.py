"""The settings of records: who outside witnesses the audit, and how long what is kept."""

from pathlib import Path

from schoolgate_policyd.setting_kinds import section


@section
class AuditSettings:
    """
    Who outside of the box is a witness of the audit.

    *share* is a folder on another machine, mounted here, to which checkpoints are written, and
    the exported log with them where *share_has_log*. *by_mail* each is sent to the chair of
    governors and the head.
    """

    share: Path | None = None
    share_has_log: bool = False
    by_mail: bool = False


@section
class RetentionSettings:
    """For how many *days* a *kind* of record is kept, where it is not as long as usual."""

    kind: str
    days: int
