"""Ready texts for systemd, cron, launchd and Task Scheduler; printed, not installed."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from batch.model.exit_status import ExitStatus

_NIGHTLY = (
    "# Rows to fix (1) and rows that wait for a person (3) are told by shipbatch itself.",
    f"SuccessExitStatus={ExitStatus.NOT_ALL_SENT:d} {ExitStatus.WAITS_FOR_PERSON:d}",
)
_STAYS = (
    f"SuccessExitStatus={ExitStatus.TERMINATED:d}",
    "Restart=on-failure",
    "RestartSec=30",
    "WatchdogSec=60",
)
TASKS: Mapping[str, str] = {
    "run": "nightly upload",
    "watch": "drop folder",
    "arrivals": "whether the files that are expected have come",
}
SYSTEMS = ("systemd", "cron", "launchd", "windows")


@dataclass(frozen=True, slots=True)
class Service:
    """What a service manager is to run: a nightly call, or a watcher."""

    command: Sequence[str]
    """The program's path and its arguments; empty variables are not passed on."""
    at: str = ""
    """HH:MM of a nightly call; empty: it runs always, and is started again when it ends."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables without secrets, such as SHIPBATCH_HOME."""
    folder: str = ""
    """The folder it is run in: where shipbatch.toml lies."""
    task: str = ""
    """One of TASKS; left out, what fits `at`."""

    @property
    def name(self) -> str:
        return f"shipbatch-{self._task}"

    @property
    def title(self) -> str:
        """What it is, in a service manager's list."""
        return f"shipbatch: {TASKS[self._task]}"

    @property
    def _task(self) -> str:
        return self.task or ("run" if self.at else "watch")


def text_for(system: str, service: Service) -> str:
    """The text for one of SYSTEMS, with where it goes and how it is switched on in its comments."""
    return {"systemd": _systemd, "cron": _cron, "launchd": _launchd, "windows": _windows}[system](
        service
    )


def _systemd(one: Service) -> str:
    scope = "~/.config/systemd/user"
    lines = [
        f"# {scope}/{one.name}.service",
        "[Unit]",
        f"Description={one.title}",
        "",
        "[Service]",
        f"Type={'oneshot' if one.at else 'notify'}",
        f"ExecStart={' '.join(_unit_word(word) for word in one.command)}",
        *([f"WorkingDirectory={one.folder.replace('%', '%%')}"] if one.folder else []),
        *(f"Environment={_unit_word(f'{name}={value}')}" for name, value in one.environ.items()),
        "# The token: `shipbatch setup` keeps it, or hand it over as a credential:",
        "#LoadCredential=bigcommerce_access_token:/etc/shipbatch/token",
        *({"shipbatch-run": _NIGHTLY, "shipbatch-watch": _STAYS}.get(one.name, ())),
        "# What is in flight is finished before it ends.",
        "KillSignal=SIGTERM",
        "TimeoutStopSec=150",
        "NoNewPrivileges=yes",
        *([] if one.at else ["", "[Install]", "WantedBy=default.target"]),
        "",
    ]
    if one.at:
        lines += [
            f"# {scope}/{one.name}.timer",
            "[Unit]",
            f"Description={one.title}, at {one.at}",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {one.at}:00",
            "# A night that the machine slept through is made up for.",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    unit = f"{one.name}.{'timer' if one.at else 'service'}"
    lines += [
        "# Switch it on, also while nobody is logged in:",
        (
            f"#   systemctl --user daemon-reload && systemctl --user enable --now {unit}"
            " && loginctl enable-linger"
        ),
        f"# See it: systemctl --user status {unit}; journalctl --user -u {one.name}",
    ]
    return "\n".join(lines) + "\n"


def _cron(one: Service) -> str:
    when = f"{int(one.at[3:])} {int(one.at[:2])} * * *" if one.at else "@reboot"
    variables = [f"{name}={shlex.quote(value)}" for name, value in one.environ.items()]
    folder = [f"cd {shlex.quote(one.folder)} &&"] if one.folder else []
    call = " ".join([*folder, *variables, *map(shlex.quote, one.command)]).replace("%", r"\%")
    lines = [
        "# crontab -e; cron mails what is printed, and nothing is where all went well.",
        "#MAILTO=you@example.com",
        f"{when} {call}",
    ]
    if not one.at:
        lines.append("# cron does not start it again if it ends: systemd does.")
    return "\n".join(lines) + "\n"


def _launchd(one: Service) -> str:
    label = f"net.shipbatch.{one.name.removeprefix('shipbatch-')}"
    words = "".join(f"    <string>{escape(word)}</string>\n" for word in one.command)
    variables = "".join(
        f"    <key>{escape(name)}</key><string>{escape(value)}</string>\n"
        for name, value in one.environ.items()
    )
    folder = (
        f"  <key>WorkingDirectory</key><string>{escape(one.folder)}</string>\n"
        if one.folder
        else ""
    )
    if one.at:
        hour, minute = int(one.at[:2]), int(one.at[3:])
        clock = (
            f"<key>Hour</key><integer>{hour}</integer><key>Minute</key><integer>{minute}</integer>"
        )
        when = f"  <key>StartCalendarInterval</key><dict>{clock}</dict>\n"
    else:
        when = (
            "  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n"
            "  <key>RunAtLoad</key><true/>\n"
        )
    agent = f"~/Library/LaunchAgents/{label}.plist"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"'
        ' "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
        f"<!-- {agent}; then: launchctl load -w {agent} -->\n"
        '<plist version="1.0">\n<dict>\n'
        f"  <key>Label</key><string>{label}</string>\n"
        f"  <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n"
        f"{folder}  <key>EnvironmentVariables</key>\n  <dict>\n{variables}  </dict>\n{when}"
        "  <key>ExitTimeOut</key><integer>150</integer>\n"
        "</dict>\n</plist>\n"
    )


def _windows(one: Service) -> str:
    program, *words = one.command
    arguments = " ".join(f'"{word}"' if " " in word or not word else word for word in words)
    if one.at:
        trigger = (
            f"<CalendarTrigger><StartBoundary>2026-01-01T{one.at}:00</StartBoundary>"
            "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger>"
        )
        again = "<StartWhenAvailable>true</StartWhenAvailable>"
    else:
        trigger = "<BootTrigger/>"
        again = "<RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>"
    folder = f"<WorkingDirectory>{escape(one.folder)}</WorkingDirectory>" if one.folder else ""
    variables = "".join(f'       setx {name} "{value}"\n' for name, value in one.environ.items())
    return (
        '<?xml version="1.0"?>\n'
        f"<!-- Save it as {one.name}.xml; then, as the user that ran `shipbatch setup`:\n"
        f"{escape(variables)}"
        f"       schtasks /Create /TN {one.name} /XML {one.name}.xml /RU %USERNAME% /RP *\n-->\n"
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">\n'
        f"  <Triggers>{trigger}</Triggers>\n"
        "  <Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>"
        f"{again}<ExecutionTimeLimit>PT0S</ExecutionTimeLimit></Settings>\n"
        f"  <Actions><Exec><Command>{escape(program)}</Command>"
        f"<Arguments>{escape(arguments)}</Arguments>"
        f"{folder}</Exec></Actions>\n</Task>\n"
    )


def _unit_word(word: str) -> str:
    """A word of a unit file: systemd has specifiers, variables and quotes of its own."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if not plain or any(c in plain for c in " \t'\"\\;") else plain
