"""How a policy's document is named."""

from schoolgate_policyd.core.policy import Document


def test_a_document_is_cited_by_its_title_and_edition() -> None:
    document = Document(title="Social Media Policy", version="September 2022", review="2024-09")

    assert "Social Media Policy, September 2022" == document.name
