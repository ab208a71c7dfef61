"""What the head signs to open a network: who counts as what, before and afterwards."""

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.workflow.networks import NetworkEntry, NetworkRecord, with_entry
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.signed_text import NOW, Part, signature_part, signed_text

TITLE = "Change of a network that may open something"


def network_text(
    record: NetworkRecord, entry: NetworkEntry, document: str, *, signer: Member
) -> str:
    """Return exactly what *signer* signs; *document* names the policy in force."""
    network = record.network
    changes = (
        ("To whom", f"whoever asks from {network.cidr} and is not known otherwise"),
        ("Name", entry.name),
        *_known(with_entry(network, entry)),
        ("Opens", "what the policy leaves open for them, and for nobody else"),
        ("Policy", document),
        ("From", NOW),
        ("Until", "it is changed again"),
        ("Reasons", entry.reasons),
    )
    parts = (
        Part(
            "Network",
            (
                ("Network", f"{network.id}, version {record.version}"),
                ("Addresses", network.cidr),
                ("Name", record.name),
                *_known(network),
            ),
        ),
        Part("What this signature changes", changes),
        signature_part(signer),
    )
    return signed_text(TITLE, parts)


def _known(network: Network) -> tuple[tuple[str, str], ...]:
    return (
        ("They count as", network.audience.value),
        ("With what", network.device.value.replace("-", " ")),
        ("Trusts the school’s authority", "yes" if network.inspectable else "no"),
    )
