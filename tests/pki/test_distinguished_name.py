"""Names as text, against pyca: it reads back what we wrote, and writes the same but for the form of the escapes."""

from __future__ import annotations

import re
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import example, given
from hypothesis import strategies as st

from nac import _dataplane
from nac.pki.distinguished_name import distinguished_name

SHORT: Final = (
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.LOCALITY_NAME,
    NameOID.STATE_OR_PROVINCE_NAME,
    NameOID.STREET_ADDRESS,
    NameOID.DOMAIN_COMPONENT,
    NameOID.USER_ID,
)
KEY: Final = Ed25519PrivateKey.generate()

values = st.text(
    st.one_of(st.sampled_from(' #"+,;<>\\=\0aé'), st.characters(exclude_categories=["Cs"])), min_size=1, max_size=20
)
attributes = st.builds(x509.NameAttribute, st.sampled_from(SHORT), values, st.just(_ASN1Type.UTF8String))
rdns = st.lists(attributes, min_size=1, max_size=3, unique_by=lambda attribute: attribute.oid)
names = st.lists(rdns.map(x509.RelativeDistinguishedName), max_size=5).map(x509.Name)


def encoded(name: x509.Name) -> x509.Name:
    """The name as a certificate carries it: the parts of an RDN in the order of DER."""
    return x509.CertificateSigningRequestBuilder(name).sign(KEY, None).subject


def content(name: x509.Name) -> list[set[tuple[ObjectIdentifier, str | bytes]]]:
    return [{(attribute.oid, attribute.value) for attribute in rdn} for rdn in name.rdns]


def in_hex(text: str) -> str:
    r"""RFC 4514 2.4 has two forms of an escape: pyca writes `\,`, we write `\2C`."""
    return re.sub(r'\\([ #"+,;<>\\])', lambda match: f"\\{ord(match[1]):02X}", text)


@given(names)
@example(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice,O=Corp")]))
@example(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, " ")]))
def test_rfc4514_pyca_reads_and_writes_the_same(name: x509.Name) -> None:
    carried = encoded(name)
    text = distinguished_name(carried)
    assert content(x509.Name.from_rfc4514_string(text)) == content(name)
    assert text == in_hex(carried.rfc4514_string())


@given(names, names)
def test_different_names_have_different_texts(one: x509.Name, other: x509.Name) -> None:
    assert (distinguished_name(one) == distinguished_name(other)) == (content(one) == content(other))


def test_an_unknown_type_is_in_dots_and_its_value_in_hex() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@b", _ASN1Type.IA5String)])
    assert distinguished_name(name) == "1.2.840.113549.1.9.1=#1603614062"


def test_what_is_no_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a distinguished name"):
        _dataplane.distinguished_name(b"\x30\x01")
