"""Pages of mail, served inside of the network: auth fetches them by URL and takes no text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import File, Service
from supamig.deployment.services.making import health, image, logging, memory

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

_NAME = "mail-pages"
#: Where auth finds `NAME.html`; nothing of it is published on the host.
MAIL_PAGES = f"http://{_NAME}:8080"


def mail_pages(settings: DeploymentSettings) -> Service:
    """Return a server of files, the Caddy that may also stand in front of the gateway."""
    pages = sorted(settings.auth.templates.items())
    first = f"http://127.0.0.1:8080/{pages[0][0]}.html"
    return Service(
        name=_NAME,
        container_name=f"supabase-{_NAME}",
        image=image(settings, "caddy"),
        command=("caddy", "file-server", "--root", "/srv", "--listen", ":8080"),
        files=tuple(
            File(path=f"volumes/auth/{name}.html", target=f"/srv/{name}.html", content=page)
            for name, page in pages
        ),
        health=health("CMD", "wget", "-q", "-O", "/dev/null", first),
        memory_mib=memory(settings, _NAME),
        logging=logging(settings),
    )
