"""The way to a provider beyond plain HTTP: TLS with a certificate that is believed, and a proxy."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chat.providers.openai import OpenAIProvider
from tests.provider_server import ProviderServer

from .reading import error_of, finish, read, text


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of this machine, signed by itself, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextlib.asynccontextmanager
async def relay(port: int, tls: ssl.SSLContext | None = None, strip: bytes = b"") -> AsyncIterator[int]:
    """A port in front of another one; ``strip`` is left out of what is asked there."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                writer.write(data.replace(strip, b"") if strip else data)
                await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def tls_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_an_answer_comes_over_tls_and_the_connection_is_kept(
    provider_server: ProviderServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    script = provider_server.script(tokens=200, rate=1000)
    async with relay(provider_server.port, tls_with(certificate)) as port:
        provider = OpenAIProvider(api_key="k", base_url=f"https://127.0.0.1:{port}/v1")
        for _ in range(2):
            deltas = await read(provider)
            assert (text(deltas), finish(deltas)) == (script.text, "stop")
        assert len({recording.connection for recording in provider_server.requests}) == 1
        await provider.aclose()


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    provider_server: ProviderServer, certificate: Path
) -> None:
    async with relay(provider_server.port, tls_with(certificate)) as port:
        provider = OpenAIProvider(api_key="k", base_url=f"https://127.0.0.1:{port}/v1")
        error = await error_of(provider)
        await provider.aclose()
    assert error.code == "upstream_failed"
    assert "certificate" in error.detail.lower()
    assert not provider_server.requests


async def test_a_proxy_that_the_environment_names_is_gone_through(
    provider_server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for the provider's address, which nobody here could find."""
    script = provider_server.script(tokens=20)
    async with relay(provider_server.port, strip=b"http://provider.invalid") as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        provider = OpenAIProvider(api_key="k", base_url="http://provider.invalid/v1")
        deltas = await read(provider)
        await provider.aclose()
    assert (text(deltas), finish(deltas)) == (script.text, "stop")
