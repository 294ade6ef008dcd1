import syslog

from supamig import hookimpl


@hookimpl
def supamig_event(event):
    if event.kind == "step-finished":
        syslog.syslog(f"supamig: {event.step} {event.outcome} after {event.seconds:.0f} s")
