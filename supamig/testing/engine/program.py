"""Stands in for `pulumi-language-python-exec`: runs one Pulumi program against an engine.

`python -m supamig.testing.engine.program --monitor ADDRESS --engine ADDRESS ... ENTRY_POINT`
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pulumi
from pulumi.runtime import (
    Settings,
    configure,
    get_config_env,
    get_config_secret_keys_env,
    run_in_stack,
    set_all_config,
)

_OPTIONS = (
    *("monitor", "engine", "project", "root_directory", "stack", "pwd", "dry_run", "parallel"),
    "organization",
)
_SAID = 32
_STOPPED = 130


def main() -> int:
    """Run the program; 1 after an error that it raised for people, 32 after any other."""
    parser = argparse.ArgumentParser()
    for name in _OPTIONS:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("entry_point")
    given = parser.parse_args()
    set_all_config(get_config_env(), get_config_secret_keys_env())
    parallel = int(given.parallel or 1)
    configure(
        Settings(
            project=given.project,
            stack=given.stack,
            monitor=given.monitor,
            engine=given.engine,
            parallel=parallel,
            dry_run=given.dry_run == "true",
            organization=given.organization,
            root_directory=given.root_directory,
        )
    )
    sys.argv = [given.entry_point]
    os.chdir(given.pwd)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=4 * parallel))
    try:
        loop.run_until_complete(run_in_stack(lambda: _run(given.entry_point)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except KeyboardInterrupt:
        # told to end; threads of hooks that still work would hold a usual exit up
        os._exit(_STOPPED)
    except Exception:  # noqa: BLE001 - whatever a program may raise
        pulumi.log.error("the program failed:\n" + traceback.format_exc())
        return _SAID
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _run(entry_point: str) -> None:
    runpy.run_path(entry_point, run_name="__main__")


if __name__ == "__main__":
    sys.exit(main())
