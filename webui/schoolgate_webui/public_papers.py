"""Public pages as PDFs, made once: whoever asks again and again costs nothing."""

import threading
from datetime import datetime

from schoolgate_policyd.config import Settings
from schoolgate_webui.paper.public_paper import public_pdf
from schoolgate_webui.views.public_parts import PublicPage


class PublicPapers:
    """Keeps the newest paper while its page says the same; one is made at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: tuple[PublicPage, bytes] | None = None

    def of(self, page: PublicPage, at: datetime) -> bytes:
        """Return *page* as a PDF, made at *at* (aware) or before."""
        with self._lock:
            if self._made is None or self._made[0] != page:
                octets = public_pdf(
                    page,
                    school_name=self._settings.school_name,
                    where=self._settings.web.public_url,
                    at=at,
                )
                self._made = (page, octets)
            return self._made[1]
