import os

from supamig import Secret, Settings, Verdict, migrate

settings = Settings(
    source=Secret(os.environ["SUPAMIG_SOURCE_DSN"]),
    target=Secret(os.environ["SUPAMIG_TARGET_DSN"]),
)
report = migrate(settings, observer=lambda event: print(event.kind, event.subject))
for finding in report.findings:
    print(finding.severity, finding.subject, finding.message)
print(report.summary.rows, "rows moved:", report.verdict is Verdict.PASSED)
