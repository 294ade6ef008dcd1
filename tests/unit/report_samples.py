"""A report as a run of the sample project makes it, for tests and for looking at."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from supamig import report
from supamig.models import (
    CheckResult,
    Digest,
    Finding,
    Outcome,
    Report,
    ServerFacts,
    Severity,
    Stage,
    StepResult,
    Summary,
    TableCopy,
    TableRef,
    Verdict,
)

AREAS = ("core", "memory", "chat", "ml", "causal", "audit", "rag")
NOUNS = (
    "agents",
    "sessions",
    "events",
    "embeddings",
    "documents",
    "edges",
    "runs",
    "scores",
    "messages",
    "versions",
    "labels",
    "policies",
)
AUTH = (
    "users",
    "identities",
    "sessions",
    "refresh_tokens",
    "mfa_factors",
    "mfa_challenges",
    "mfa_amr_claims",
    "flow_state",
    "saml_providers",
    "saml_relay_states",
    "sso_domains",
    "sso_providers",
    "one_time_tokens",
    "audit_log_entries",
    "instances",
    "schema_migrations",
    "oauth_clients",
    "oauth_consents",
    "oauth_authorizations",
    "webauthn_credentials",
)

SOURCE = ServerFacts(
    host="db.qhtwlnfzcgkpaeuxvyrb.supabase.co",
    database="postgres",
    user="postgres",
    version="15.8 (Ubuntu 15.8-1.pgdg22.04+1)",
    version_num=150008,
    system_id="7391822331845002387",
    database_oid=5,
    size=412_883_107,
    superuser=False,
)
TARGET = ServerFacts(
    host="203.0.113.17",
    database="postgres",
    user="supabase_admin",
    version="17.6",
    version_num=170006,
    system_id="7551930027716455511",
    database_oid=16_384,
    size=389_201_544,
    superuser=True,
)


def tables(number: int = 84, *, seed: int = 3) -> tuple[TableCopy, ...]:
    dice = random.Random(seed)
    names = [
        f"{AREAS[i % 7]}_{NOUNS[i // 7 % 12]}" + (f"_{i // 84}" if i >= 84 else "")
        for i in range(number)
    ]
    refs = [TableRef("public", name) for name in names] + [TableRef("auth", n) for n in AUTH]
    return tuple(_copy(ref, dice) for ref in refs)


def _copy(ref: TableRef, dice: random.Random) -> TableCopy:
    rows = int(math.exp(dice.uniform(0, 12))) if ref.schema == "public" else dice.randint(0, 12)
    if ref == TableRef("auth", "users"):
        rows = 6
    size = int(rows * math.exp(dice.uniform(3, 7)))
    columns = ("id", "name", "created_at")
    digest = Digest(
        rows=rows, total=str(dice.getrandbits(70)), xor=dice.getrandbits(60), columns=columns
    )
    return TableCopy(
        table=ref,
        columns=columns,
        rows=rows,
        bytes=size,
        seconds=0.01 + size / 22e6,
        digest=digest,
        snapshot="00000003-1B",
    )


def steps(copies: tuple[TableCopy, ...]) -> tuple[StepResult, ...]:
    rows, size = sum(c.rows for c in copies), sum(c.bytes for c in copies)

    def step(kind, title, stage, seconds, detail="", **numbers):
        return StepResult(
            id=f"{stage}.{kind}",
            title=title,
            stage=stage,
            seconds=seconds,
            outcome=Outcome.PASSED,
            detail=detail,
            **numbers,
        )

    return (
        step("inventory", "Read both catalogs", Stage.EXPORT, 1.4, "18 kinds, 4,112 objects"),
        step("roles", "Roles and memberships", Stage.IMPORT, 0.2, "3 roles made, 2 there already"),
        step("extensions", "Extensions", Stage.IMPORT, 0.9, "pgvector 0.8.0, pgcrypto, uuid-ossp"),
        step("schema", "Tables, types, functions", Stage.IMPORT, 3.1, "84 tables, 31 functions"),
        step("rows", "Rows", Stage.IMPORT, 41.8, "2 connections", rows=rows, bytes=size),
        step("indexes", "Indexes and constraints", Stage.IMPORT, 12.5, "212 indexes"),
        step("policies", "Triggers and policies", Stage.IMPORT, 1.1, "96 policies, 22 triggers"),
        step("sequences", "Sequences", Stage.IMPORT, 0.1, "41 set ahead of their data"),
    )


TITLES = {
    "preflight.reachable": "Both servers answer",
    "preflight.versions": "The target is not older",
    "preflight.disk": "Disk free on the target",
    "preflight.transactions": "No long transactions",
    "schema.extensions": "Extensions",
    "schema.tables": "Tables",
    "schema.columns": "Columns",
    "schema.constraints": "Constraints",
    "schema.indexes": "Indexes",
    "schema.views": "Views",
    "schema.functions": "Functions",
    "schema.triggers": "Triggers",
    "schema.types": "Types",
    "schema.sequences": "Sequences are ahead of their data",
    "security.rls": "RLS is enabled",
    "security.policies": "RLS policies",
    "security.rights": "Rights",
    "rows.count": "Row counts",
    "rows.digest": "Every row is equal",
}


def checks() -> tuple[CheckResult, ...]:
    dice = random.Random(5)
    return tuple(
        CheckResult(
            id=id_,
            title=title,
            outcome=Outcome.PASSED,
            plugin="supamig",
            stage=Stage.PREFLIGHT if id_.startswith("preflight") else Stage.VERIFY,
            seconds=dice.uniform(0.01, 2),
        )
        for id_, title in TITLES.items()
    )


def findings_of(check: str) -> tuple[Finding, ...]:
    match check:
        case "security.policies":
            return (
                Finding(
                    check=check,
                    severity=Severity.ERROR,
                    subject="public.chat_messages",
                    message="policy `members read` is not on the target",
                    hint="Create it, or run `supamig migrate` again: `Triggers and policies`",
                    docs="https://supabase.com/docs/guides/database/postgres/row-level-security",
                    evidence={"source": "USING (auth.uid() = member_id)", "target": None},
                ),
            )
        case "rows.digest":
            return (
                Finding(
                    check=check,
                    severity=Severity.ERROR,
                    subject="public.ml_scores",
                    message="1 row differs: `id = 4711`",
                    hint="Compare the row on both sides; the source may have changed after the"
                    " snapshot",
                    evidence={
                        "source": 20_194,
                        "target": 20_194,
                        "column": "score",
                        "keys": ["4711"],
                    },
                ),
                Finding(
                    check=check,
                    severity=Severity.ERROR,
                    subject='public."Rag Documents"',
                    message="3 rows are missing on the target",
                    evidence={"source": 12_004, "target": 12_001, "keys": ["17", "18", "21"]},
                ),
            )
        case "security.rights":
            return (
                Finding(
                    check=check,
                    severity=Severity.WARNING,
                    subject="public.audit_events",
                    message="`anon` may `SELECT` on the target and not on the source",
                    hint="revoke select on public.audit_events from anon",
                    evidence={"source": "", "target": "r"},
                ),
            )
        case _:
            return (
                Finding(
                    check=check,
                    severity=Severity.INFO,
                    subject="pgvector",
                    message="version 0.8.0 on the source, 0.8.1 on the target",
                ),
            )


def perfect() -> Report:
    """Everything arrived and everything was looked at."""
    return build(checks())


def troubled() -> Report:
    """One of each: failed, errored, timed out, skipped, a faulty plugin, an accepted note."""
    late = {"outcome": Outcome.TIMED_OUT, "seconds": 600.0, "reason": "no answer within 600 s"}
    changes = {
        "security.policies": {"outcome": Outcome.FAILED},
        "rows.digest": {"outcome": Outcome.FAILED},
        "security.rights": {"outcome": Outcome.FAILED},
        "schema.extensions": {},
    }
    changed = [
        replace(check, findings=findings_of(check.id), **changes[check.id])
        if check.id in changes
        else replace(check, **late if check.id == "schema.functions" else {})
        for check in checks()
    ]
    changed += [
        CheckResult(
            id="acme.cron-jobs",
            title="Scheduled jobs are the same",
            stage=Stage.VERIFY,
            outcome=Outcome.SKIPPED,
            plugin="acme",
            seconds=0.0,
            reason="extension `pg_cron` is not on the source",
        ),
        CheckResult(
            id="acme.webhooks",
            title="Webhooks answer",
            stage=Stage.VERIFY,
            outcome=Outcome.ERRORED,
            plugin="acme",
            seconds=0.1,
            reason="ZeroDivisionError: division by zero",
        ),
        report.plugin_check(
            [
                Finding(
                    check="plugin.import-failed",
                    severity=Severity.ERROR,
                    subject="sms-checks",
                    message="ModuleNotFoundError: No module named `twilio`",
                    hint="pip install twilio, or `--no-plugin sms-checks`",
                )
            ]
        ),
    ]
    return build(tuple(changed))


def huge() -> Report:
    """10,000 tables and 2,000 findings."""
    copies = tables(10_000)
    many = tuple(
        Finding(
            check="rows.digest",
            severity=Severity.ERROR if i % 3 else Severity.WARNING,
            subject=str(copies[i].table),
            message=f"{i} rows differ",
            hint="Copy it again",
            evidence={"source": i * 7, "target": i * 6},
        )
        for i in range(2_000)
    )
    last = replace(checks()[-1], outcome=Outcome.FAILED, findings=many)
    return build((*checks()[:-1], last), copies)


def build(results: tuple[CheckResult, ...], copies: tuple[TableCopy, ...] | None = None) -> Report:
    copies = tables() if copies is None else copies
    done = steps(copies)
    return Report(
        run_id="20261123-160412-7f3a",
        command="migrate",
        tool_version="0.1.0",
        method="stream",
        started_at="2026-11-23T16:04:12+00:00",
        source=SOURCE,
        target=TARGET,
        summary=report.summary(copies, seconds=sum(s.seconds for s in done) + 9.4),
        steps=done,
        checks=results,
        tables=copies,
        verdict=report.verdict(results, steps=done),
        not_checked=report.not_checked(results),
        notes=(
            "The rows of `public.core_events` were read under a second snapshot after a resume",
        ),
    )


def everywhere(word: str) -> Report:
    """A report that holds ``word`` in every field that a database or a plugin can fill."""
    finding = Finding(
        check=word,
        severity=Severity.ERROR,
        message=word,
        subject=word,
        hint=word,
        docs=word,
        evidence={word: word, "list": [word]},
    )
    check = CheckResult(
        id=word,
        title=word,
        stage=Stage.VERIFY,
        outcome=Outcome.FAILED,
        findings=(finding,),
        reason=word,
        plugin=word,
        docs=word,
    )
    facts = replace(SOURCE, host=word, database=word, user=word, version=word, system_id=word)
    ref = TableRef(word, word)
    return Report(
        run_id=word,
        command=word,
        tool_version=word,
        method=word,
        started_at=word,
        source=facts,
        target=facts,
        summary=Summary(tables=1),
        verdict=Verdict.FAILED,
        not_checked=(word,),
        notes=(word,),
        checks=(check, replace(check, outcome=Outcome.SKIPPED)),
        steps=(
            StepResult(
                id=word,
                title=word,
                stage=Stage.IMPORT,
                outcome=Outcome.PASSED,
                seconds=1.0,
                detail=word,
            ),
        ),
        tables=(TableCopy(table=ref, columns=(word,), rows=1, bytes=2, seconds=0.1),),
    )
