"""Every notation of a MAC address gives one form; what is none is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.identity.mac import MacAddress, MacAddressError


@pytest.mark.parametrize(
    "text",
    [
        "00:1b:77:49:54:fd",
        "00:1B:77:49:54:FD",
        "00-1B-77-49-54-FD",  # RFC 3580 3.20
        "0:1b:77:49:54:fd",
        "001b.7749.54fd",  # Cisco
        "001b-7749-54fd",  # Huawei
        "001b77-4954fd",  # HPE
        "001b77:4954fd",
        "001b774954fd",
        "  001b774954fd\n",
    ],
)
def test_every_notation(text: str) -> None:
    assert MacAddress.parse(text).text == "00:1b:77:49:54:fd"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "12345",
        "001b774954f",
        "001b774954fd0",
        "00:1b:77:49:54",
        "00:1b:77:49:54:fd:00:01",
        "00:1b-77:49:54:fg",
        "1:2:3",
        "001b:7749.54fd0",
        "００１ｂ７７４９５４ｆｄ",
        "laptop-17",
        "\x00" * 12,
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(MacAddressError):
        MacAddress.parse(text)


@given(st.integers(0, 2**48 - 1), st.sampled_from([(2, ":"), (2, "-"), (4, "."), (6, "-"), (12, "")]))
def test_any_address_in_any_notation(value: int, form: tuple[int, str]) -> None:
    digits, (group, separator) = f"{value:012x}", form
    text = separator.join(digits[i : i + group] for i in range(0, 12, group))
    assert MacAddress.parse(text).text.replace(":", "") == digits
    assert MacAddress.parse(text.upper()) == MacAddress.parse(text)


@given(st.text())
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    try:
        parsed = MacAddress.parse(text)
    except MacAddressError:
        return
    assert MacAddress.parse(parsed.text) == parsed


@pytest.mark.parametrize(("text", "made_up"), [("02:00:00:00:00:01", True), ("00:1b:77:49:54:fd", False)])
def test_locally_administered(text: str, made_up: bool) -> None:
    assert MacAddress.parse(text).locally_administered is made_up
