"""What the API says of itself holds, for right and for wrong questions to every endpoint."""

import copy
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from web_program import PREFIX, token_for
from web_school import HOST, WebSchool

from schoolgate_webui.access import is_for
from schoolgate_webui.api.access import TABLE
from schoolgate_webui.api.app import written
from schoolgate_webui.api.schema import operations

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# Whoever may ask for most comes first.
IS_LONG = "LONG_RUN" in os.environ
OWNERS = ("head", "lead", "dsl", "chair", "teacher")


def without_security() -> dict[str, Any]:
    """Return the document for somebody whose token is always shown: other tests leave it out."""
    document = copy.deepcopy(written().schema)
    for _, _, operation in operations(document):
        operation.pop("security", None)
    return document


# Its own cases of missing and misspelt values are many; the long run has them.
schema = schemathesis.openapi.from_dict(
    without_security(),
    config=schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": IS_LONG}}}),
)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Asking"]:
    school = WebSchool(tmp_path_factory.mktemp("school"))
    yield Asking(school)
    school.close()


class Asking:
    """Asks for whoever may, without reaching any rate."""

    def __init__(self, school: WebSchool) -> None:
        self._school = school
        self._members = {each.id: each for each in school.decisions.people.members()}
        self._tokens = {owner: token_for(school, owner) for owner in OWNERS}
        transport = ASGITransport(school.app, raise_app_exceptions=False)
        self._client = AsyncClient(transport=transport)

    def check(self, case: schemathesis.Case) -> None:
        """Ask, and compare the answer with the document."""
        # So long between two that no rate is reached, be it that of the pages' own form.
        is_report = case.path.startswith("/reports") and case.method == "POST"
        self._school.machine_clock.go_on(timedelta(minutes=2 if is_report else 0, seconds=1))
        needs = TABLE[case.method, case.path]
        owner = next(each for each in OWNERS if is_for(needs.who, self._members[each]))
        kwargs = case.as_transport_kwargs(base_url=f"http://{HOST}:8000{PREFIX}")
        kwargs.pop("cookies", None)
        others = {n: v for n, v in kwargs["headers"].items() if n.lower() != "authorization"}
        kwargs["headers"] = others | {"authorization": f"Bearer {self._tokens[owner]}"}
        if isinstance(kwargs.get("data"), (bytes, str)):
            kwargs["content"] = kwargs.pop("data")
        answer = self._school.runner.run(self._client.request(**kwargs))
        assert answer.status_code not in {401, 429}
        case.validate_response(answer, checks=CHECKS)


@schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: schemathesis.Case, asking: Asking) -> None:
    asking.check(case)
