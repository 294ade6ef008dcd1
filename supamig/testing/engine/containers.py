"""Stands in for Pulumi's Docker provider alone: what it makes is real, on a real Docker engine."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import docker
from docker import errors

from supamig.testing.engine import container_request as to
from supamig.testing.engine.docker import CONTAINER, IMAGE, NETWORK, VOLUME, Docker
from supamig.testing.engine.provider import CannotError, NotReadyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.testing.engine.provider import Properties

_EVERY = 0.3
_USUAL_GRACE = 10
#: Beyond what a container may take to stop.
_SECONDS = 60


class Containers(Docker):
    """Makes containers, networks and volumes on the engine at ``host``; images must be there.

    It waits for no container longer than ``patience`` seconds, whatever the program allows.
    """

    def __init__(self, host: str, *, patience: float = 600) -> None:
        super().__init__()
        self.host = host
        self.patience = patience

    def make(self, kind: str, inputs: Properties) -> tuple[str, Properties]:
        """Make it on the engine."""
        with self._engine() as engine:
            if kind == CONTAINER:
                return self._container(engine, inputs)
            if kind == IMAGE:
                found = _image(engine, inputs["name"])
                return found["Id"] + inputs["name"], inputs | _computed(found)
            options = {"driver": inputs.get("driver"), "labels": to.labels(inputs)}
            if kind == NETWORK:
                made = engine.create_network(inputs["name"], check_duplicate=True, **options)
                return made["Id"], inputs | {"scope": "local"}
            made = engine.create_volume(
                inputs["name"], driver_opts=inputs.get("driverOpts"), **options
            )
            return made["Name"], inputs | {"mountpoint": made["Mountpoint"]}

    def change(self, kind: str, number: str, inputs: Properties) -> Properties:
        """Change limits of a container, and wait for one that was not healthy."""
        if kind == CONTAINER:
            with self._engine() as engine:
                limits = to.limits(inputs)
                engine.update_container(
                    number,
                    mem_limit=limits["Memory"],
                    memswap_limit=limits["MemorySwap"],
                    restart_policy=limits["RestartPolicy"],
                )
                self._await(engine, number, inputs)
        return inputs | self.kinds[kind].computed(inputs, number)

    def remove(self, kind: str, number: str, state: Properties) -> None:
        """Remove it from the engine; an image stays where the program wants to keep it."""
        with self._engine() as engine, contextlib.suppress(errors.NotFound):
            if kind == CONTAINER:
                grace = state.get("destroyGraceSeconds", _USUAL_GRACE)
                engine.stop(number, timeout=grace)
                engine.remove_container(number, force=True, v=state.get("removeVolumes", True))
            elif kind == NETWORK:
                engine.remove_network(number)
            elif kind == VOLUME:
                engine.remove_volume(number)
            elif not state.get("keepLocally"):
                engine.remove_image(state["name"])

    def look(self, kind: str, number: str, state: Properties) -> Properties | None:
        """Say whether it is there: like the real provider this reads back little else."""
        with self._engine() as engine, contextlib.suppress(errors.NotFound):
            if kind == CONTAINER:
                engine.inspect_container(number)
            elif kind == NETWORK:
                engine.inspect_network(number)
            elif kind == VOLUME:
                engine.inspect_volume(number)
            else:
                engine.inspect_image(state["name"])
            return state
        return None

    def _container(self, engine: docker.APIClient, inputs: Properties) -> tuple[str, Properties]:
        if unknown := sorted(set(inputs) - to.KNOWN):
            raise CannotError(f"this stand-in knows no container with {', '.join(unknown)}")
        made = engine.create_container_from_config(to.request(inputs), inputs["name"])["Id"]
        try:
            for network in inputs.get("networksAdvanced", [])[1:]:
                engine.connect_container_to_network(made, network["name"], **to.endpoint(network))
            if uploads := inputs.get("uploads"):
                engine.put_archive(made, "/", to.archive(uploads))
            engine.start(made)
        except errors.APIError:
            engine.remove_container(made, force=True, v=True)
            raise
        self._await(engine, made, inputs)
        return made, inputs | self.kinds[CONTAINER].computed(inputs, made)

    def _await(self, engine: docker.APIClient, number: str, inputs: Properties) -> None:
        if not inputs.get("wait"):
            return
        deadline = time.monotonic() + min(inputs.get("waitTimeout", 60), self.patience)
        while _health(engine, number) != "healthy":
            if time.monotonic() > deadline:
                raise NotReadyError(
                    "container failed to be in healthy state",
                    id=number,
                    outputs=inputs | self.kinds[CONTAINER].computed(inputs, number),
                )
            time.sleep(_EVERY)

    @contextlib.contextmanager
    def _engine(self) -> Iterator[docker.APIClient]:
        """Talk to the engine by a connection of its own: calls come from many threads."""
        client = docker.APIClient(base_url=self.host, version="auto", timeout=_SECONDS * 2)
        with contextlib.closing(client):
            try:
                yield client
            except errors.APIError as error:
                raise CannotError(error.explanation or str(error)) from error


def _health(engine: docker.APIClient, number: str) -> str:
    state = engine.inspect_container(number)["State"]
    return str(state.get("Health", {}).get("Status", ""))


def _image(engine: docker.APIClient, name: str) -> Properties:
    try:
        found: Properties = engine.inspect_image(name)
    except errors.NotFound:
        engine.pull(name)
        found = engine.inspect_image(name)
    return found


def _computed(image: Properties) -> Properties:
    return {"imageId": image["Id"], "repoDigest": next(iter(image["RepoDigests"] or [""]))}
