"""The name in a ClientHello: read in one way or not at all, whatever the bytes are."""

import random
import ssl
import warnings

import pytest

from schoolgate_proxy.door.hello import MOST_HELLO_OCTETS, Hello, HelloError, read_hello

SNI = 0
KEY_SHARE = 51
ENCRYPTED_HELLO = 0xFE0D
GREASE = 0x2A2A


def real_hello(name: str | None = "lessons.example") -> bytes:
    """Return what OpenSSL sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with warnings.catch_warnings(), pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def u16(number: int) -> bytes:
    return number.to_bytes(2)


def extension(kind: int, content: bytes) -> bytes:
    return u16(kind) + u16(len(content)) + content


def server_name(*names: bytes, kind: int = 0) -> bytes:
    entries = b"".join(bytes([kind]) + u16(len(each)) + each for each in names)
    return extension(SNI, u16(len(entries)) + entries)


def message(
    extensions: bytes | None,
    *,
    session_id: bytes = b"",
    ciphers: bytes = b"\x13\x01",
    compressions: bytes = b"\0",
) -> bytes:
    """Return a ClientHello as a handshake message."""
    body = b"\x03\x03" + bytes(32) + bytes([len(session_id)]) + session_id
    body += u16(len(ciphers)) + ciphers + bytes([len(compressions)]) + compressions
    if extensions is not None:
        body += u16(len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3) + body


def in_records(handshake: bytes, *sizes: int, kind: int = 0x16) -> bytes:
    """Return *handshake* in records of *sizes* octets, the last with what is left."""
    records = b""
    for size in (*sizes, len(handshake)):
        part, handshake = handshake[:size], handshake[size:]
        if part:
            records += bytes([kind]) + b"\x03\x01" + u16(len(part)) + part
    return records


@pytest.mark.parametrize("name", ["lessons.example", "a.b.c.d.example", "x" * 63 + ".example"])
def test_the_name_that_openssl_sends_is_read(name: str) -> None:
    assert Hello(name) == read_hello(real_hello(name))


def test_without_a_name_there_is_none() -> None:
    assert Hello(None) == read_hello(real_hello(None))
    assert Hello(None) == read_hello(in_records(message(None)))


def test_a_hello_that_has_not_all_come_is_waited_for() -> None:
    whole = real_hello()

    assert {None} == {read_hello(whole[:length]) for length in range(len(whole))}
    assert Hello("lessons.example") == read_hello(whole + b"\x17\x03\x03\x00\x01x")


@pytest.mark.parametrize("sizes", [(1,), (3, 1), (4,), (5, 1, 1, 1), tuple([1] * 40), (60,)])
def test_a_hello_in_several_records_is_one(sizes: tuple[int, ...]) -> None:
    split = in_records(message(server_name(b"lessons.example")), *sizes)

    assert Hello("lessons.example") == read_hello(split)
    assert {None} == {read_hello(split[:length]) for length in range(len(split))}


def test_what_nobody_knows_is_passed_over_and_an_encrypted_hello_is_noticed() -> None:
    noise = extension(GREASE, b"") + extension(KEY_SHARE, bytes(1200))
    plain = noise + server_name(b"lessons.example") + extension(0x1A1A, b"\0")

    assert Hello("lessons.example") == read_hello(in_records(message(plain)))
    assert Hello("lessons.example", has_encrypted=True) == read_hello(
        in_records(message(extension(ENCRYPTED_HELLO, bytes(200)) + plain))
    )


NAMED = server_name(b"lessons.example")
REFUSED = {
    "no hello": in_records(b"\x02\0\0\1x"),
    "another record between": in_records(message(NAMED), 20)[:25] + b"\x14\x03\x03\0\1\1",
    "an empty record": b"\x16\x03\x01\0\0",
    "a record too long": b"\x16\x03\x01\x40\x01" + message(NAMED),
    "not of this major version": b"\x16\x02\x00" + in_records(message(NAMED))[3:],
    "a giant": in_records(b"\x01\x01\x00\x00"),
    "two names": in_records(message(server_name(b"a.example", b"b.example"))),
    "two extensions of names": in_records(message(NAMED + server_name(b"b.example"))),
    "an empty name": in_records(message(server_name(b""))),
    "no name in the list": in_records(message(extension(SNI, b"\0\0"))),
    "an empty extension": in_records(message(extension(SNI, b""))),
    "a name of another kind": in_records(message(server_name(b"a.example", kind=1))),
    "a name that is not ASCII": in_records(message(server_name("ä.example".encode()))),
    "octets behind the name": in_records(message(extension(SNI, b"\0\4\0\0\1ax"))),
    "extensions that end early": in_records(message(NAMED + b"\0\x33\0\x09x")),
    "half an extension's head": in_records(message(NAMED + b"\0\x33\0")),
    "a session id too long": in_records(message(NAMED, session_id=bytes(33))),
    "no cipher": in_records(message(NAMED, ciphers=b"")),
    "half a cipher": in_records(message(NAMED, ciphers=b"\x13")),
    "no compression": in_records(message(NAMED, compressions=b"")),
    "something behind the hello": in_records(message(NAMED) + b"\x01"),
    "no body": in_records(b"\x01\0\0\0"),
}


@pytest.mark.parametrize("first", REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused(first: bytes) -> None:
    with pytest.raises(HelloError):
        read_hello(first)


def test_what_does_not_come_to_an_end_is_refused() -> None:
    in_ones = in_records(message(extension(GREASE, bytes(9000)) + NAMED), *([1] * 9100))
    assert len(in_ones) > MOST_HELLO_OCTETS

    with pytest.raises(HelloError):
        read_hello(in_ones[:MOST_HELLO_OCTETS])


def test_any_octet_changed_gives_a_hello_more_or_a_refusal() -> None:
    """Nothing else is raised, and a name that is given stands in the bytes."""
    dice = random.Random(5)  # noqa: S311 - nothing is secret
    whole = real_hello()
    for place in range(len(whole)):
        for octet in {0, 1, 0xFF, whole[place] ^ 1, dice.randrange(256)}:
            changed = bytearray(whole)
            changed[place] = octet
            length = dice.choice([len(whole), dice.randrange(len(whole))])
            try:
                hello = read_hello(bytes(changed[:length]))
            except HelloError:
                continue
            if hello is not None and hello.name is not None:
                assert hello.name.encode() in bytes(changed)
