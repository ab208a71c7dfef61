"""What a form that leads to a signature is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schoolgate_policyd.store.signing_desk import Signable
from schoolgate_webui.desk import Desk


@dataclass(frozen=True, slots=True)
class SignedForm:
    """
    A form that leads to a signature.

    *signable* makes of an object's id and what was entered what is to be signed; *back* and
    *done* return the paths of the form and of the page after it.
    """

    fields: tuple[str, ...]
    signable: Callable[[Desk, str, Mapping[str, str]], Signable]
    back: Callable[[str], str]
    done: Callable[[str], str]
