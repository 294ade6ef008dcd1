"""The verbs: one function each, settings in and a report out, nothing printed, no state kept.

Every edge, the command line and the Pulumi program alike, calls these and nothing else.
"""

from __future__ import annotations

from supamig.api.backups import (
    backup_list,
    backup_now,
    backup_restore,
    backup_verify,
    restore_plan,
)
from supamig.api.beginning import init, known_answers, measure, write_first_files
from supamig.api.cloud import CloudPlan, cloud_plan, cloud_snapshot
from supamig.api.cutover import validate_cutover
from supamig.api.moving import (
    checks,
    doctor,
    export,
    import_bundle,
    migrate,
    plan,
    plugins,
    status,
    validate,
)
from supamig.api.phases import phases, question, run_phases
from supamig.api.proving import begin_session, end_session
from supamig.api.scanning import scan
from supamig.api.switching import configure, configure_changes, rollback, rollback_changes
from supamig.api.watching import watch

__all__ = [
    "CloudPlan",
    "backup_list",
    "backup_now",
    "backup_restore",
    "backup_verify",
    "begin_session",
    "checks",
    "cloud_plan",
    "cloud_snapshot",
    "configure",
    "configure_changes",
    "doctor",
    "end_session",
    "export",
    "import_bundle",
    "init",
    "known_answers",
    "measure",
    "migrate",
    "phases",
    "plan",
    "plugins",
    "question",
    "restore_plan",
    "rollback",
    "rollback_changes",
    "run_phases",
    "scan",
    "status",
    "validate",
    "validate_cutover",
    "watch",
    "write_first_files",
]
