"""By which command is an installation called, and how does it start with the machine?"""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from xml.sax.saxutils import escape

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
set "MACHINAMI_CALLED_AS=%~f0"
"%~dp0releases\\%RELEASE%\\Scripts\\machinami.exe" %*
"""

_UNIT = """\
# Have systemd run the town: as root,
#   useradd --system --home-dir {data_typed} --shell /usr/sbin/nologin machinami; chown -R machinami: {data_typed}
#   cp {prefix_typed}/machinami*.service /etc/systemd/system/; systemctl daemon-reload
#   systemctl enable --now machinami machinami-copy
# Commands on the town's folder are called as the same user:
#   sudo -u machinami {prefix_typed}/machinami doctor --data {data_typed}
# The disk of copies ([backup] in machinami.toml) has to belong to that user, too.
[Unit]
Description=Machinami, the city OS
After=network-online.target
Wants=network-online.target

[Service]
User=machinami
ExecStart={command_word} serve --data {data_word} --port {port}
Restart=on-failure
RestartSec=2
TimeoutStopSec=60
{hardening}
[Install]
WantedBy=multi-user.target
"""

_COPY_UNIT = """\
# Serve the last copy of the light pages at port {copy_port}, whether the town runs or not: a proxy in front sends
# readers there when the town does not answer. How it is started stands in machinami.service.
[Unit]
Description=Machinami, the last copy of the town's light pages
After=network-online.target
Wants=network-online.target

[Service]
User=machinami
ExecStart={command_word} copy --data {data_word} --port {copy_port}
Restart=always
RestartSec=10
{hardening}
[Install]
WantedBy=multi-user.target
"""

_HARDENING = """\
UMask=0077
ReadWritePaths={data_path}
ProtectSystem=full
ProtectHome=read-only
PrivateTmp=true
NoNewPrivileges=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictSUIDSGID=true
LockPersonality=true
"""
# `full` and not `strict`, which leaves no disk for copies to write to; the user has no rights elsewhere anyway.

_TASK = """\
@echo off
rem Have Windows start the town with the machine: run this once as administrator. Not tried on Windows yet.
rem Take it back with: schtasks /delete /tn Machinami
icacls "{data}" /grant "*S-1-5-19:(OI)(CI)M" || exit /b 1
schtasks /create /f /tn Machinami /xml "%~dp0machinami-task.xml" || exit /b 1
schtasks /run /tn Machinami
"""

_TASK_XML = """\
<?xml version="1.0" encoding="UTF-16"?>
<!-- LOCAL SERVICE runs the town from the start of the machine, without an end (a task is ended after three days unless
     it says so), on battery too, and again a minute after it failed. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals><Principal id="Town"><UserId>S-1-5-19</UserId><RunLevel>LeastPrivilege</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Town"><Exec>
    <Command>{command}</Command>
    <Arguments>serve --data {folder} --port {port}</Arguments>
  </Exec></Actions>
</Task>
"""


def write_launchers(prefix: Path, data: Sequence[Path], port: int) -> Path:
    """Write the command for POSIX and Windows, and what starts it with the machine; returns the command."""
    command = prefix / "machinami"
    write_whole(command, _POSIX.encode())
    command.chmod(0o755)
    write_whole(prefix / "machinami.cmd", _lines(_CMD))
    told = {"prefix_typed": quote(str(prefix)), "data_typed": quote(str(data[0])), "port": port, "copy_port": port + 1}
    told |= {"command_word": _path(command), "data_word": _word(data[0])}
    told["hardening"] = _HARDENING.format(data_path=_path(data[0]))
    write_whole(prefix / "machinami.service", _UNIT.format(**told).encode())
    write_whole(prefix / "machinami-copy.service", _COPY_UNIT.format(**told).encode())
    write_whole(prefix / "machinami-service.cmd", _lines(_TASK.format(data=str(data[0]).replace("%", "%%"))))
    task = _TASK_XML.format(command=escape(str(prefix / "machinami.cmd")), folder=escape(f'"{data[0]}"'), port=port)
    write_whole(prefix / "machinami-task.xml", task.replace("\n", "\r\n").encode("utf-16"))
    return command


def _path(path: Path) -> str:
    """A path as systemd reads it: quoted where it has a blank, its own signs doubled."""
    text = str(path).replace("\\", "\\\\").replace("%", "%%")
    return f'"{text}"' if " " in text else text


def _word(path: Path) -> str:
    """A path as a word of a command of systemd, which knows variables, too."""
    return _path(path).replace("$", "$$")


def _lines(text: str) -> bytes:
    """A script as Windows reads it."""
    return text.replace("\n", "\r\n").encode()
