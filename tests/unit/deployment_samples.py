"""Settings of every variant, secrets for them, and services that say what they were asked."""

from __future__ import annotations

import json
import socket
import sysconfig
import threading
from base64 import b64encode
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.auth_settings import Auth, Hook, Mfa, Provider, Saml, Sms, Smtp
from supamig.deployment.reading import parse_settings
from supamig.deployment.settings import S3, Addresses, Ports, Realtime, Rest, Storage, Studio, Tls
from supamig.secret import Secret

SPACES = S3(endpoint="https://fra1.digitaloceanspaces.com", bucket="objects", region="fra1")
MAIL = Smtp(
    host="smtp.example.com",
    user="postmaster",
    admin_email="admin@example.com",
    sender_name="Example's mail",
)
EVERYTHING = Auth(
    site_url="https://app.example.com",
    redirect_urls=("https://app.example.com/**", "myapp://callback"),
    smtp=MAIL,
    sms=Sms(account_sid="AC1", message_service_sid="MG1", test_otp={"4912345": "123456"}),
    mfa=Mfa(phone_enroll=True),
    saml=Saml(external_url="https://api.example.com/auth/v1"),
    providers={
        "google": Provider(client_id="g", skip_nonce_check=True),
        "github": Provider(client_id="h"),
        "azure": Provider(client_id="a", url="https://login.microsoftonline.com/tenant"),
    },
    hooks={
        "custom_access_token": Hook(uri="https://app.example.com/claims"),
        "mfa_verification_attempt": Hook(uri="pg-functions://postgres/public/second"),
        "password_verification_attempt": Hook(uri="pg-functions://postgres/public/first"),
        "send_email": Hook(uri="https://app.example.com/mail"),
        "send_sms": Hook(uri="http://host.docker.internal:9/sms"),
    },
    extra={"GOTRUE_PASSWORD_MIN_LENGTH": "10", "GOTRUE_RATE_LIMIT_HEADER": ""},
    extra_secrets=("GOTRUE_SECURITY_CAPTCHA_SECRET",),
)
STACK = Path(__file__).parents[2] / "Pulumi.prod.yaml"
COMMITTED = yaml.safe_load(STACK.read_text())["config"]["supamig:deployment"]
VARIANTS = {
    "prod": parse_settings(COMMITTED, place=STACK.name),
    "local": DeploymentSettings(),
    "hs256": DeploymentSettings(signing="hs256"),
    "kong": DeploymentSettings(gateway="kong", ports=Ports(api_tls=8443)),
    "logs": DeploymentSettings(logs=True),
    "spaces": DeploymentSettings(storage=Storage(s3=SPACES)),
    "mail": DeploymentSettings(auth=Auth(smtp=MAIL)),
    "tls": DeploymentSettings(
        public_url="https://api.example.com", tls=Tls(domain="api.example.com")
    ),
    "carried": DeploymentSettings(
        auth=Auth(
            templates={"recovery": "<p>{{ .Token }} costs $5</p>\n"},
            providers={"figma": Provider(client_id="f", email_optional=True)},
        ),
        rest=Rest(pool=20),
        realtime=Realtime(max_events_per_second=200),
    ),
    "droplet": DeploymentSettings(
        public_url="http://138.197.4.36:54321",
        ports=Ports(api=54321, session_pooler=5433, database=5434, studio=None),
        addresses=Addresses(pooler="10.0.0.2"),
        rest=Rest(schemas=("public", "api")),
    ),
    "lean": DeploymentSettings(leave_out=("storage", "realtime", "functions")),
    "no images": DeploymentSettings(gateway="kong", leave_out=("imgproxy",)),
    "everything": DeploymentSettings(
        public_url="https://api.example.com",
        tls=Tls(domain="api.example.com"),
        gateway="kong",
        logs=True,
        auth=EVERYTHING,
        storage=Storage(s3=SPACES),
        function_secrets=("STRIPE_KEY",),
        studio=Studio(assistant=True, organization='The "$5" & Co.'),
        digests={"db": "sha256:" + "0" * 64},
        memory_mib={"db": 4096},
    ),
}


def secrets_for(deployment, made):
    """Return a secret for every name; what is not made here is one that is hard to write."""
    hook, other = Secret("v1,whsec_MzQ1Ng=="), Secret('a "b" $c # d')
    brought = {name: hook for name in deployment.secrets if name.startswith("HOOK_")}
    if "SAML_PRIVATE_KEY" in deployment.secrets:
        brought["SAML_PRIVATE_KEY"] = saml_key()
    return {name: made.get(name) or brought.get(name) or other for name in deployment.secrets}


@cache
def saml_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    no = serialization.NoEncryption()
    return Secret(b64encode(key.private_bytes(serialization.Encoding.DER, form, no)).decode())


def program(name):
    """Where the wheel of a program put it."""
    # uv leaves scripts of one of the wheels where they lie in it
    places = (sysconfig.get_path("scripts"), f"{sysconfig.get_path('purelib')}/.data/scripts")
    path = next((one for place in places if (one := Path(place, name)).exists()), None)
    if path is None:
        pytest.skip(f"the wheel with `{name}` is for Linux")
    return path


def shipped(variant, service, name):
    """The content of a file that a service mounts."""
    files = describe(VARIANTS[variant]).service(service).files
    return {Path(one.path).name: one.content for one in files}[name]


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def answer(self):
        seen = {
            "service": self.server.name,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_OPTIONS = answer  # noqa: N815 - http.server calls them so

    def log_message(self, *_):
        """Say nothing."""


def serve(name, stack):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.name = name
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    stack.callback(thread.join)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return server.server_port


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]
