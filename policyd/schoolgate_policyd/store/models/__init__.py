"""
The tables of the decisions database, as typed models; none of them leaves `store`.

`people` who is in the school, `access` how they sign in, `requests` the form and its grant,
`permissions` standing permissions and device claims, `policies` versions of the policy, `audit`
what happened.
"""

from schoolgate_policyd.store.models.access import CredentialRow, SessionRow, SignInAttemptRow
from schoolgate_policyd.store.models.audit import AuditRow, StoreVersionRow
from schoolgate_policyd.store.models.base import Base
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
from schoolgate_policyd.store.models.requests import GrantRow, RequestRow, StepRow

__all__ = [
    "AuditRow",
    "Base",
    "ClassRow",
    "CredentialRow",
    "DeviceClaimRow",
    "DeviceRow",
    "DutyRow",
    "GrantRow",
    "OvertimeRow",
    "PersonRow",
    "PolicyCheckRow",
    "PolicyStepRow",
    "PolicyTextRow",
    "PolicyVersionRow",
    "RequestRow",
    "SessionRow",
    "SignInAttemptRow",
    "StandingRecordRow",
    "StepRow",
    "StoreVersionRow",
]
