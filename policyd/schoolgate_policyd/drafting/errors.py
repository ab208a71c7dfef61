"""What drafting refuses: a sentence for whoever drafts."""

from schoolgate_policyd.core.errors import SchoolgateError


class ChangeRefused(SchoolgateError):  # noqa: N818 - named after what it says, as the pages do
    """A change cannot be made to this policy; the message is a sentence that says why."""
