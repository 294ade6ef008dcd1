from supamig import hookimpl


class Markdown:
    name, suffix = "markdown", ".md"

    def render(self, report):
        lines = [f"- {finding.severity}: {finding.message}" for finding in report.findings]
        return "\n".join([f"# {report.command}: {report.verdict}", "", *lines, ""])


@hookimpl
def supamig_reporters():
    return [Markdown()]
