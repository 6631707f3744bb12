"""By which command is an installation called, and how does it start with the machine?"""

from collections.abc import Sequence
from pathlib import Path

from machinami.app.durable import write_whole

_POSIX = """\
#!/bin/sh
# The command of this installation: it calls the release that `current` names.
set -eu
root=$(CDPATH='' cd -P "$(dirname "$(readlink -f "$0")")" && pwd)
MACHINAMI_CALLED_AS=$0
export MACHINAMI_CALLED_AS
exec "$root/releases/$(cat "$root/current")/bin/machinami" "$@"
"""

_CMD = """\
@echo off
rem The command of this installation: it calls the release that `current` names. Not tried on Windows yet.
set /p RELEASE=<"%~dp0current"
"%~dp0releases\\%RELEASE%\\Scripts\\machinami.exe" %*
"""

_UNIT = """\
# Have systemd run the town: as root,
#   useradd --system --home-dir {data} --shell /usr/sbin/nologin machinami; chown -R machinami: {data}
#   cp {prefix}/machinami.service /etc/systemd/system/; systemctl daemon-reload; systemctl enable --now machinami
[Unit]
Description=Machinami, the city OS ({data})
After=network-online.target
Wants=network-online.target

[Service]
User=machinami
ExecStart={prefix}/machinami serve --data {data} --port {port}
Restart=on-failure
RestartSec=2
TimeoutStopSec=60
UMask=0077
ReadWritePaths={data}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=true
NoNewPrivileges=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictSUIDSGID=true
LockPersonality=true

[Install]
WantedBy=multi-user.target
"""

_TASK = """\
@echo off
rem Have Windows start the town with the machine: run this once as administrator. Not tried on Windows yet.
rem Take it back with: schtasks /delete /tn Machinami
schtasks /create /f /tn Machinami /sc onstart /ru "NT AUTHORITY\\LOCAL SERVICE" ^
  /tr "\\"%~dp0machinami.cmd\\" serve --data \\"{data}\\" --port {port}"
schtasks /run /tn Machinami
"""


def write_launchers(prefix: Path, data: Sequence[Path], port: int) -> Path:
    """Write the command for POSIX and Windows, and what starts it with the machine; returns the command."""
    command = prefix / "machinami"
    write_whole(command, _POSIX.encode())
    command.chmod(0o755)
    write_whole(prefix / "machinami.cmd", _CMD.replace("\n", "\r\n").encode())
    told = {"prefix": prefix, "data": data[0], "port": port}
    write_whole(prefix / "machinami.service", _UNIT.format(**told).encode())
    write_whole(prefix / "machinami-service.cmd", _TASK.format(**told).replace("\n", "\r\n").encode())
    return command
