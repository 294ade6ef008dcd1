import subprocess

from supamig import Secret, hookimpl


@hookimpl
def supamig_secret(reference):
    scheme, _, name = reference.partition(":")
    if scheme != "pass":
        return None
    shown = subprocess.run(["pass", "show", name], check=True, capture_output=True, text=True)
    return Secret(shown.stdout.splitlines()[0])
