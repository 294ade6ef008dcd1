"""Units of systemd that take a backup every night, for a host without the backups container."""

from __future__ import annotations

SERVICE = "supamig-backup.service"
TIMER = "supamig-backup.timer"
#: Where a host has what the service needs: the settings, and secrets that only root reads.
CONFIG = "/etc/supamig/supamig.toml"
SECRETS = "/etc/supamig/backup.env"
DIRECTORY = "/mnt/supabase-backups"
_PROGRAM = "/usr/local/bin/supamig"


def units(hour: int, *, keep_days: int | None = None) -> dict[str, str]:
    """Return the units by file name; ``hour`` is that of the day in UTC.

    Without ``keep_days`` backups are kept as long as the host's own settings say.

    The service does not start where the directory is no mount point: backups are meant to outlive
    the disk that they would be written to otherwise.
    """
    keep = "" if keep_days is None else f" --keep-days {keep_days}"
    return {
        SERVICE: f"""\
[Unit]
Description=Backup of the self-hosted Supabase
Wants=network-online.target
After=network-online.target docker.service
RequiresMountsFor={DIRECTORY}
AssertPathIsMountPoint={DIRECTORY}

[Service]
Type=oneshot
ExecStart={_PROGRAM} backup now --config {CONFIG} --dir {DIRECTORY}{keep} --quiet
EnvironmentFile={SECRETS}
UMask=0077
Nice=10
IOSchedulingClass=idle
PrivateTmp=yes
ProtectSystem=full
NoNewPrivileges=yes
""",
        TIMER: f"""\
[Unit]
Description=Backup of the self-hosted Supabase, every night

[Timer]
OnCalendar=*-*-* {hour:02}:00:00 UTC
# one that was missed is taken at the next start
Persistent=yes

[Install]
WantedBy=timers.target
""",
    }
