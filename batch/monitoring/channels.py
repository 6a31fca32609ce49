"""The ways out: apprise for people, a GET for a dead man's switch. Their addresses are secrets, and never shown."""

import logging
import urllib.error
import urllib.request
from urllib.parse import urlsplit

TIMEOUT = 10.0  # seconds


def send_notification(urls: str, title: str, body: str) -> str:
    """Send to apprise URLs, separated by blanks; returns what went wrong, empty if nothing did."""
    try:
        import apprise
    except ImportError:
        return "SHIPBATCH_NOTIFY is set, and apprise is not installed: pip install 'shipbatch[notify]'"
    log = logging.getLogger("apprise")  # it would print addresses
    log.addHandler(logging.NullHandler())
    log.propagate = False
    sender = apprise.Apprise()
    wrong = [number for number, url in enumerate(urls.split(), 1) if not sender.add(url)]
    if wrong:
        return f"SHIPBATCH_NOTIFY: address {wrong[0]} of {len(urls.split())} is none that apprise knows"
    if not sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        return "a notification could not be delivered to every address of SHIPBATCH_NOTIFY"
    return ""


def send_ping(url: str) -> str:
    """Tell a dead man's switch that all is well; returns what went wrong, empty if nothing did."""
    if urlsplit(url).scheme not in {"http", "https"}:
        return "SHIPBATCH_PING is no http(s) address"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310  the scheme was looked at
            answer.read(1)
    except urllib.error.HTTPError as error:
        return f"SHIPBATCH_PING answers {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"SHIPBATCH_PING cannot be reached ({type(reason).__name__})"
    return ""
