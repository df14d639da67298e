"""Encrypted connections: the certificate has to fit the name, though an address is connected to."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.engine.http_messages import HttpFailed, OutgoingRequest
from core.runtime.gateways import http
from core.runtime.gateways.addresses import AllowedHosts
from core.runtime.gateways.http import WayOut
from tests.integration.outward.listener import Listener


@pytest.fixture
def certificate(tmp_path):
    """A certificate of shop.test that signs itself; its file serves as authority, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "shop.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        built.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(file)


class TlsListener(Listener):
    def __init__(self, certificate):
        self.names = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        super().__init__()

    def _serve(self, connection):
        try:
            secured = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        super()._serve(secured)


@pytest.fixture
def shop(certificate, names):
    names.set("shop.test", ["127.0.0.1"])
    names.set("other.test", ["127.0.0.1"])
    listener = TlsListener(certificate)
    yield listener
    listener.close()


def get(host, port, ca_file):
    request = OutgoingRequest("GET", f"https://{host}:{port}/", timeout=5)
    allowed = AllowedHosts.parse("127.0.0.1")
    return http.send(request, allowed=allowed, way_out=WayOut(ca_file=ca_file))


def test_name_and_certificate_are_those_of_the_url(shop, certificate):
    assert get("shop.test", shop.port, certificate).status == 200
    assert shop.names == ["shop.test"]


def test_a_certificate_of_another_name_is_refused(shop, certificate):
    with pytest.raises(HttpFailed, match=r"certificate of other\.test is not trusted") as failure:
        get("other.test", shop.port, certificate)

    assert failure.value.kind == "connection"
    assert not failure.value.retryable
    assert shop.requests == []


def test_an_unknown_authority_is_refused_and_the_setting_named(shop):
    with pytest.raises(HttpFailed, match="OPENBUILD_CA_FILE"):
        get("shop.test", shop.port, "")

    assert shop.requests == []
