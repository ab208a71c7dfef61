from schoolgate_policyd.netfilter.neighbour_table import Link, NeighbourTable

ONE, OTHER = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
IPV4, IPV4_TOO = bytes([10, 1, 0, 2]), bytes([10, 1, 0, 3])
IPV6, IPV6_TOO = bytes(15) + b"\1", bytes(15) + b"\2"
INSIDE, ELSEWHERE = 2, 3


def table_of(*entries: tuple[int, bytes, bytes]) -> NeighbourTable:
    table = NeighbourTable()
    for entry in entries:
        table.put(*entry)
    return table


def test_an_address_is_of_the_hardware_that_has_it() -> None:
    table = table_of((INSIDE, IPV4, ONE), (INSIDE, IPV6, ONE), (INSIDE, IPV4_TOO, OTHER))

    assert Link(INSIDE, ONE) == table.link_of(IPV4)
    assert {IPV4, IPV6} == table.addresses_of(Link(INSIDE, ONE))
    assert IPV4 == table.ipv4_of(IPV6)


def test_an_address_on_two_links_is_nobodys() -> None:
    table = table_of((INSIDE, IPV6, ONE), (ELSEWHERE, IPV6, OTHER), (INSIDE, IPV4, ONE))

    assert table.link_of(IPV6) is None
    assert table.ipv4_of(IPV6) is None


def test_the_same_hardware_on_another_link_is_another_device() -> None:
    table = table_of((INSIDE, IPV6, ONE), (ELSEWHERE, IPV4, ONE))

    assert table.ipv4_of(IPV6) is None


def test_a_device_with_two_ipv4_addresses_is_known_by_neither() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE), (INSIDE, IPV4_TOO, ONE))

    assert table.ipv4_of(IPV6) is None


def test_an_address_that_another_device_has_now_is_no_longer_the_firsts() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE), (INSIDE, IPV4, OTHER))

    assert Link(INSIDE, OTHER) == table.link_of(IPV4)
    assert {IPV6} == table.addresses_of(Link(INSIDE, ONE))
    assert table.ipv4_of(IPV6) is None


def test_an_address_that_left_is_nobodys_but_its_device_is_still_known_by_it() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE))
    table.leave(INSIDE, IPV4)
    table.leave(INSIDE, IPV6)

    assert table.link_of(IPV4) is None
    assert table.link_of(IPV6) is None
    assert IPV4 == table.ipv4_of(IPV6)


def test_a_device_is_no_longer_known_by_the_address_it_had_before_another() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE))
    table.leave(INSIDE, IPV4)
    table.put(INSIDE, IPV4_TOO, ONE)
    table.leave(INSIDE, IPV4_TOO)

    assert IPV4_TOO == table.ipv4_of(IPV6)


def test_an_address_that_left_and_is_another_devices_now_makes_nobody_known() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE))
    table.leave(INSIDE, IPV4)
    table.put(INSIDE, IPV4, OTHER)

    assert table.ipv4_of(IPV6) is None


def test_only_what_the_kernel_still_knows_is_in_use() -> None:
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV4, ONE))
    table.keep_only({(INSIDE, IPV4)})

    assert Link(INSIDE, ONE) == table.link_of(IPV4)
    assert table.link_of(IPV6) is None


def test_changes_count_what_changed_and_nothing_else() -> None:
    table = table_of((INSIDE, IPV4, ONE))
    before = table.changes
    table.put(INSIDE, IPV4, ONE)
    table.leave(INSIDE, IPV4_TOO)

    assert before == table.changes
    table.put(INSIDE, IPV4, OTHER)
    assert before < table.changes


def test_what_is_remembered_is_bounded() -> None:
    table = NeighbourTable()
    for number in range(16_384 + 2):
        packed, mac = number.to_bytes(16), number.to_bytes(6)
        table.put(INSIDE, packed, mac)
        table.leave(INSIDE, packed)
    for number in (0, 2):
        table.put(INSIDE, number.to_bytes(4), number.to_bytes(6))

    assert table.ipv4_of((0).to_bytes(16)) is None
    assert (2).to_bytes(4) == table.ipv4_of((2).to_bytes(16))


def test_one_device_has_not_the_memory_of_all_others() -> None:
    table = table_of((INSIDE, IPV6, OTHER))
    table.leave(INSIDE, IPV6)
    for number in range(16_384 + 2):
        packed = b"\xfd" + number.to_bytes(15)
        table.put(INSIDE, packed, ONE)
        table.leave(INSIDE, packed)

    assert 32 == len(table.addresses_of(Link(INSIDE, ONE)))
    assert {IPV6} == table.addresses_of(Link(INSIDE, OTHER))


def test_connections_of_a_device_are_found_by_addresses_that_the_kernel_forgot() -> None:
    """It forgets who was quiet for a minute, whose connections are none the less open."""
    table = table_of((INSIDE, IPV6, ONE), (INSIDE, IPV6_TOO, ONE))
    table.leave(INSIDE, IPV6)
    assert {IPV6, IPV6_TOO} == table.addresses_of(Link(INSIDE, ONE))

    table.put(INSIDE, IPV6, OTHER)
    assert {IPV6_TOO} == table.addresses_of(Link(INSIDE, ONE))
