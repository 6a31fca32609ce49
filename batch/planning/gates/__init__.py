"""A whole file against what is usual: what stops it before its first shipment, with figures. Pure.

A `Profile` is a file in a few figures. The profiles of a source's earlier files are its usual,
compared by medians, so that one odd night changes nothing; until enough are known, only what is
wrong by itself holds a file.
"""

from batch.planning.gates.messages import MAILS, SWITCHES, release
from batch.planning.gates.profile import FILE, Profile, file_ask
from batch.planning.gates.rules import mail_holds, reasons

__all__ = ["FILE", "MAILS", "SWITCHES", "Profile", "file_ask", "mail_holds", "reasons", "release"]
