"""Mail: to the server that is configured, with the templates that are configured."""

from __future__ import annotations

import contextlib
import http.server
import re
import socket
import threading
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message


class Inbox(Message):
    """A mail server that keeps what it gets."""

    def __init__(self):
        super().__init__()
        self.mails = []

    def prepare_message(self, session, envelope):
        return message_from_bytes(envelope.original_content)

    def handle_message(self, message):
        self.mails.append(message)


@pytest.fixture
def inbox():
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        handler.port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def settings(inbox):
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(inbox.port),
        "SMTP_ADMIN_EMAIL": "auth@example.com",
        "SMTP_SENDER_NAME": "Example",
    }


def text_of(mail):
    return mail.get_payload(decode=True).decode()


def test_a_link_that_arrives(auth, settings, inbox, user):
    client = auth(**settings)
    assert client.post("/recover", {"email": user["email"]}).status_code == 200
    (mail,) = inbox.mails
    assert mail["To"] == user["email"]
    assert "auth@example.com" in mail["From"]
    token = re.search(r"token=([0-9a-f]{56})", text_of(mail))[1]
    answer = client.post("/verify", {"type": "recovery", "token_hash": token})
    assert answer.status_code == 200


def test_a_server_that_is_not_there(auth, settings, inbox, user):
    client = auth(**settings | {"SMTP_PORT": "9"})
    answer = client.post("/recover", {"email": user["email"]})
    assert answer.status_code == 500
    assert answer.json()["msg"] == "Error sending recovery email"


@pytest.fixture
def template():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<p>{{ .Token }} for {{ .Email }} of {{ .SiteURL }}: {{ .Data.name }}</p>"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with contextlib.ExitStack() as stack:
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            yield f"http://127.0.0.1:{server.server_port}/recovery.html"


def test_a_template(auth, settings, inbox, people, template):
    user = people.add(raw_user_meta_data={"name": "Ada"})
    client = auth(
        **settings, MAILER_TEMPLATES_RECOVERY=template, MAILER_SUBJECTS_RECOVERY="Reset it"
    )
    client.post("/recover", {"email": user["email"]})
    (mail,) = inbox.mails
    assert mail["Subject"] == "Reset it"
    found = re.fullmatch(
        rf"<p>(\d{{6}}) for {re.escape(user['email'])} of http://localhost:3000: Ada</p>",
        text_of(mail).strip(),
    )
    body = {"type": "recovery", "email": user["email"], "token": found[1]}
    assert client.post("/verify", body).status_code == 200
