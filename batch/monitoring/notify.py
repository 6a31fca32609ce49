"""After a run: the log, people where it is worth it, the dead man's switch."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from batch.config import Settings
from batch.config.secrets import find_secret, hide
from batch.errors import ConfigError
from batch.model.exit_status import CAME_TO_ITS_END
from batch.monitoring import log
from batch.monitoring.alert_history import AlertHistory, reasons_to_notify
from batch.monitoring.channels import send_notification, send_ping
from batch.monitoring.digest import Digest
from batch.primitives.escapes import visible

Notifier = Callable[[Settings, Sequence[Digest], int], list[str]]
"""Writes digests to the log and notifies people: of a store's settings, with the exit status; returns what failed."""


def notify_after_run(
    settings: Settings,
    digests: Sequence[Digest],
    status: int,
    *,
    environ: Mapping[str, str] = os.environ,
    echo: Callable[[str], None] | None = None,
) -> list[str]:
    """Tell whoever is to be told; returns what could not be told, which changes nothing of the run.

    `echo` gets the lines of the log, too.
    """
    wrong: list[str] = []
    events = [digest.event for digest in digests]
    try:
        events += _notify_people(settings, digests, wrong, environ)
        url = find_secret("SHIPBATCH_PING", environ, keyring=settings.keyring)
        if url and status in CAME_TO_ITS_END and (problem := send_ping(url.value.get_secret_value())):
            wrong.append(problem)
    except ConfigError as error:
        wrong.append(f"{error} {error.todo}")
    events += [log.LogEvent("not told", trouble=True, facts={"why": hide(why)}) for why in wrong]
    lines = log.write(settings.home, events, form=settings.log_format, days=settings.keep_logs)
    if echo:
        for line in lines:
            echo(line)
    return wrong


def _notify_people(
    settings: Settings, digests: Sequence[Digest], wrong: list[str], environ: Mapping[str, str]
) -> list[log.LogEvent]:
    """Tell people of what is new or too much; a kind counts as known only once it was delivered."""
    urls = find_secret("SHIPBATCH_NOTIFY", environ, keyring=settings.keyring)
    troubled = [digest for digest in digests if digest.kinds]
    if not urls or not troubled:
        return []
    rules, today = settings.notify, date.today()  # noqa: DTZ011  a person's day
    memory = AlertHistory(settings.home, settings.store)
    seen = memory.recent_kinds(rules.forget, today)
    why = {
        digest.file: because
        for digest in troubled
        if (because := reasons_to_notify(digest.kinds, digest.rows, seen, threshold=rules.threshold, least=rules.least))
    }
    kinds = {kind for digest in troubled for kind in digest.kinds}
    if not why:
        memory.record(kinds, rules.forget, today)
        return []
    told = [digest for digest in troubled if digest.file in why]
    texts = ([*digest.lines, f"Told because: {'; '.join(why[digest.file])}"] for digest in told)
    body = "\n\n".join("\n".join(map(visible, lines)) for lines in texts)
    title = f"shipbatch: {', '.join(digest.file for digest in told)}: somebody has to look"
    problem = send_notification(urls.value.get_secret_value(), hide(visible(title)), hide(body))
    if problem:
        wrong.append(problem)
        return []
    memory.record(kinds, rules.forget, today)
    return [log.LogEvent("notified", facts={"files": list(why), "why": why})]
