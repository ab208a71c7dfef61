"""
Templates: our own, strict, and GOV.UK's components beside them.

Ours run with `StrictUndefined`, so a misspelt name is an error and no empty place on a page. The
components of govuk-frontend-jinja ask for parameters that nobody gave, so they live in an
environment of their own and are handed over as functions.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette import status

from schoolgate_webui.refusals import note_refusal

_COMPONENTS = {
    "govukBackLink": "back-link",
    "govukButton": "button",
    "govukCheckboxes": "checkboxes",
    "govukErrorSummary": "error-summary",
    "govukInput": "input",
    "govukInsetText": "inset-text",
    "govukRadios": "radios",
    "govukSelect": "select",
    "govukSkipLink": "skip-link",
    "govukSummaryList": "summary-list",
    "govukTag": "tag",
    "govukTextarea": "textarea",
    "govukWarningText": "warning-text",
}

# C0 and C1 controls but tab and newline, and the marks that turn the direction of the text
# after them: in an entry they could make one thing read as another (CVE-2021-42574).
_DECEPTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str) -> str:
    """Return *text* as it may be shown: each invisible control as a visible replacement mark."""
    return _DECEPTIVE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _finalised(value: object) -> object:
    """Return *value* as it is printed: what people typed, in fields too, hides nothing."""
    return plain(value) if type(value) is str else value


@functools.cache
def environment() -> Environment:
    """
    Return the environment in which every page is made.

    It knows nothing of a school, so it is made once: reading the components costs more than all
    else that an application is made of.
    """
    ours = Environment(
        loader=PackageLoader("schoolgate_webui"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalised,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ours.filters["plain"] = plain
    ours.globals.update(_components())
    return ours


def _components() -> dict[str, Callable[..., Markup]]:
    theirs = Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        finalize=_finalised,
    )
    components = {}
    for name, folder in _COMPONENTS.items():
        template = theirs.get_template(f"govuk_frontend_jinja/components/{folder}/macro.html")
        components[name] = getattr(template.module, name)
    return components


class Pages:
    """Makes pages of templates; *shared* gives what every page needs for a request."""

    def __init__(self, shared: Callable[[Request], Mapping[str, object]]) -> None:
        self._environment = environment()
        self._shared = shared

    def page(
        self,
        request: Request,
        template: str,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **printed: object,
    ) -> HTMLResponse:
        """Return *template* with what it prints; that somebody is to wait is logged."""
        if status_code == status.HTTP_429_TOO_MANY_REQUESTS:
            note_refusal(request, "TooMany")
        text = self._environment.get_template(template).render(**self._shared(request), **printed)
        return HTMLResponse(text, status_code=status_code, headers=dict(headers or {}))


def _pages_of(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


PagesDep = Annotated[Pages, Depends(_pages_of)]
