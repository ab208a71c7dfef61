"""The password, entered again where something is signed: a wrong one is a mistake in its field."""

from datetime import datetime

from schoolgate_policyd.store.credentials import Credentials
from schoolgate_policyd.store.records import Proven, TooSoon, WrongPassword
from schoolgate_policyd.workflow.errors import mistake_in


def require_password(
    credentials: Credentials, person: str, password: str, *, address: str, at: datetime
) -> None:
    """
    Raise InvalidForm unless *password* is that of *person*.

    *address* is where they are, for limiting attempts; *at* is machine time.
    """
    match credentials.prove(person, password, address=address, at=at):
        case Proven():
            return
        case WrongPassword():
            mistake = "This is not your password: nothing was signed."
        case TooSoon(wait=wait):
            seconds = int(wait.total_seconds()) + 1
            mistake = f"Too many wrong passwords: try again in {seconds} seconds."
    raise mistake_in("password", mistake)
