"""A directory that speaks SAML 2.0, on loopback: it signs what it says of ``person`` with a key of its own."""

import base64
import datetime
import threading
import uuid
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.utils import OneLogin_Saml2_Utils

SAML = "urn:oasis:names:tc:SAML:2.0"
EMAIL = "urn:oid:0.9.2342.19200300.100.1.3"
GIVEN_NAME, FAMILY_NAME = "urn:oid:2.5.4.42", "urn:oid:2.5.4.4"
SOON = datetime.timedelta(minutes=5)


class Directory:
    """``with Directory() as directory``; ``entity`` and ``metadata_url`` are what the site is told."""

    def __init__(self) -> None:
        self.key, self.certificate = _made_up()
        self.entity = "https://directory.example/saml/metadata"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.metadata_url = f"{self.url}/metadata"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def metadata(self) -> str:
        certificate = "".join(self.certificate.splitlines()[1:-1])
        return (
            f'<md:EntityDescriptor xmlns:md="{SAML}:metadata" entityID="{self.entity}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAML}:protocol"><md:KeyDescriptor use="signing">'
            '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            f'<md:SingleSignOnService Binding="{SAML}:bindings:HTTP-Redirect" Location="{self.url}/sign-in"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def answer(self, request: str, uid: str, signed_with: str | None = None, **attributes: str) -> str:
        """The response to a ``SAMLRequest``, as the browser carries it back; ``signed_with`` is another's key, and
        empty is none."""
        question = ElementTree.fromstring(zlib.decompress(base64.b64decode(request), -15))
        back, to, of = question.attrib["AssertionConsumerServiceURL"], question.attrib["ID"], question[0].text or ""
        response = self._response(back, to, of, uid, attributes)
        if signed_with != "":
            key = signed_with or self.key
            response = OneLogin_Saml2_Utils.add_sign(response, key, self.certificate).decode()
        return base64.b64encode(response.encode()).decode()

    def _response(self, back: str, to: str, audience: str, uid: str, attributes: dict[str, str]) -> str:
        now = datetime.datetime.now(datetime.UTC)
        at, until, before = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now, now + SOON, now - SOON))
        said = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{escape(value)}</saml:AttributeValue></saml:Attribute>'
            for name, value in attributes.items()
        )
        return (
            f'<samlp:Response xmlns:samlp="{SAML}:protocol" xmlns:saml="{SAML}:assertion" ID="_{uuid.uuid4()}" '
            f'Version="2.0" IssueInstant="{at}" Destination="{back}" InResponseTo="{to}">'
            f"<saml:Issuer>{self.entity}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{SAML}:status:Success"/></samlp:Status>'
            f'<saml:Assertion ID="_{uuid.uuid4()}" Version="2.0" IssueInstant="{at}">'
            f"<saml:Issuer>{self.entity}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{SAML}:nameid-format:persistent">{escape(uid)}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{SAML}:cm:bearer">'
            f'<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{back}" InResponseTo="{to}"/>'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{before}" NotOnOrAfter="{until}">'
            f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
            f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{at}" SessionIndex="_1"><saml:AuthnContext>'
            f"<saml:AuthnContextClassRef>{SAML}:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            f"</saml:AuthnStatement><saml:AttributeStatement>{said}</saml:AttributeStatement></saml:Assertion>"
            "</samlp:Response>"
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        directory = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = directory.metadata().encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler


def another_key() -> str:
    return _made_up()[0]


def _made_up() -> tuple[str, str]:
    """A private key and a certificate that says it is the directory's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SOON)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), certificate.public_bytes(pem).decode()
