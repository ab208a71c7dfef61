"""
The tables of the decisions database, as typed models; none of them leaves `store`.

`people` who is in the school, `access` and `sign_in` how they sign in, `requests` the form and
its grant, `permissions` standing permissions and device claims, `policies` versions of the
policy, `incidents` and `restrictions` what is looked into and what follows, `audit` what
happened, `keeping` what is kept of it and for how long.
`mail` and `acknowledgements` what the school tells its people.
"""

from schoolgate_policyd.store.models.access import CredentialRow, SessionRow, SignInAttemptRow
from schoolgate_policyd.store.models.acknowledgements import (
    AcknowledgementRow,
    SuggestedSiteRow,
    TrainingRow,
)
from schoolgate_policyd.store.models.audit import AuditPersonalRow, AuditRow, StoreVersionRow
from schoolgate_policyd.store.models.base import Base
from schoolgate_policyd.store.models.delegations import DelegationRow
from schoolgate_policyd.store.models.incidents import (
    BackgroundTallyRow,
    GatherPositionRow,
    IncidentEvidenceRow,
    IncidentRow,
    IncidentStepRow,
)
from schoolgate_policyd.store.models.keeping import (
    CheckpointRow,
    CheckpointWishRow,
    LegalHoldRow,
    RetentionRunRow,
    WitnessRow,
)
from schoolgate_policyd.store.models.looks import LookRow, PseudonymKeyRow
from schoolgate_policyd.store.models.mail import EmailAddressRow, MailProgressRow, OutboxRow
from schoolgate_policyd.store.models.people import (
    ClassRow,
    DeviceRow,
    DutyRow,
    OvertimeRow,
    PersonRow,
)
from schoolgate_policyd.store.models.permissions import DeviceClaimRow, StandingRecordRow
from schoolgate_policyd.store.models.policies import (
    PolicyCheckRow,
    PolicyStepRow,
    PolicyTextRow,
    PolicyVersionRow,
)
from schoolgate_policyd.store.models.register import (
    DifferentDayRow,
    FirstRunCodeRow,
    NetworkRow,
    SchoolRow,
)
from schoolgate_policyd.store.models.reports import (
    BlockRow,
    ReportAboutRow,
    ReportRow,
    ReportStepRow,
    ReportTryRow,
)
from schoolgate_policyd.store.models.requests import (
    DraftRow,
    EarlierFormRow,
    GrantRow,
    QuestionRow,
    RequestRow,
    ReviewRow,
    StepRow,
)
from schoolgate_policyd.store.models.restrictions import (
    AssignmentRow,
    RestrictionRow,
    SupervisedSessionRow,
)
from schoolgate_policyd.store.models.sign_in import (
    ApiTokenRow,
    OneTimeCodeRow,
    PasskeyRow,
    RecoveryCodeRow,
    RetiredTokenRow,
    SetupCodeRow,
)
from schoolgate_policyd.store.models.signatures import SignatureRow, SigningRow
from schoolgate_policyd.store.models.standing import StandingRequestRow, StandingStepRow

__all__ = [
    "AcknowledgementRow",
    "ApiTokenRow",
    "AssignmentRow",
    "AuditPersonalRow",
    "AuditRow",
    "BackgroundTallyRow",
    "Base",
    "BlockRow",
    "CheckpointRow",
    "CheckpointWishRow",
    "ClassRow",
    "CredentialRow",
    "DelegationRow",
    "DeviceClaimRow",
    "DeviceRow",
    "DifferentDayRow",
    "DraftRow",
    "DutyRow",
    "EarlierFormRow",
    "EmailAddressRow",
    "FirstRunCodeRow",
    "GatherPositionRow",
    "GrantRow",
    "IncidentEvidenceRow",
    "IncidentRow",
    "IncidentStepRow",
    "LegalHoldRow",
    "LookRow",
    "MailProgressRow",
    "NetworkRow",
    "OneTimeCodeRow",
    "OutboxRow",
    "OvertimeRow",
    "PasskeyRow",
    "PersonRow",
    "PolicyCheckRow",
    "PolicyStepRow",
    "PolicyTextRow",
    "PolicyVersionRow",
    "PseudonymKeyRow",
    "QuestionRow",
    "RecoveryCodeRow",
    "ReportAboutRow",
    "ReportRow",
    "ReportStepRow",
    "ReportTryRow",
    "RequestRow",
    "RestrictionRow",
    "RetentionRunRow",
    "RetiredTokenRow",
    "ReviewRow",
    "SchoolRow",
    "SessionRow",
    "SetupCodeRow",
    "SignInAttemptRow",
    "SignatureRow",
    "SigningRow",
    "StandingRecordRow",
    "StandingRequestRow",
    "StandingStepRow",
    "StepRow",
    "StoreVersionRow",
    "SuggestedSiteRow",
    "SupervisedSessionRow",
    "TrainingRow",
    "WitnessRow",
]
