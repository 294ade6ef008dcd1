"""The certificate of the public address: trusted, of this name, and for how long."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from supamig.config import Api
from supamig.endpoints import tls
from supamig.protocols import Unavailable
from supamig.testing.fakes import fake_service_context

DAY = 86_400


def _certificate(names, days):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=90))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture
def server(tmp_path):
    """Serve TLS with a certificate; gives the port, and a context that trusts it."""
    listeners = []

    def start(*, days, names=None):
        here = names or [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate, private = _certificate(here, days)
        (tmp_path / "all.pem").write_bytes(certificate + private)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(tmp_path / "all.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept():
            connection, _ = listener.accept()
            with connection:
                try:
                    with served.wrap_socket(connection, server_side=True) as secure:
                        secure.recv(1)
                except OSError:
                    return  # the client did not like the certificate

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1], ssl.create_default_context(cadata=certificate.decode())

    yield start
    for listener in listeners:
        listener.close()


def test_days_that_are_left(server):
    port, trusted = server(days=5)
    left = tls.seconds_left("127.0.0.1", port, now=time.time(), context=trusted)
    assert 4 * DAY < left <= 5 * DAY


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Run the check on an address, trusting what a test trusts."""

    def run(url, trusted=None):
        if trusted is not None:
            monkeypatch.setattr(ssl, "create_default_context", lambda: trusted)
        context = fake_service_context(lambda _: None, state_dir=tmp_path)
        context.target_api._api = Api(url=url)
        return list(tls.tls.run(context))

    return run


def test_a_good_one(server, look):
    port, trusted = server(days=60)
    assert look(f"https://127.0.0.1:{port}", trusted) == []


@pytest.mark.parametrize(
    ("days", "names", "words"),
    [
        (5, None, "ends in 4 days"),
        (-1, None, "expired"),
        (60, [x509.DNSName("other.example.com")], "mismatch"),
    ],
)
def test_a_bad_one(server, look, days, names, words):
    port, trusted = server(days=days, names=names)
    (finding,) = look(f"https://127.0.0.1:{port}", trusted)
    assert words in finding.message
    assert finding.hint


def test_one_that_nobody_trusts(server, look):
    port, _ = server(days=60)
    (finding,) = look(f"https://127.0.0.1:{port}")
    assert "self-signed" in finding.message


def test_none_at_all(look):
    (finding,) = look("http://supabase.example.com")
    assert "no TLS" in finding.message
    with pytest.raises(Unavailable, match="this machine"):
        look("http://127.0.0.1:8000")


def test_a_server_that_does_not_answer(look):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (finding,) = look(f"https://127.0.0.1:{port}")
    assert "no TLS connection" in finding.message
