"""A whole file against what is usual: what stops it before its first shipment, with the figures.
Pure.

A `Profile` is what a file looks like in a few figures. The profiles of a source's earlier files are
its usual, compared by medians, so that one odd night changes nothing; while few are known, only
what is wrong by itself holds.
"""

from batch.planning.gates.messages import MAILS, SWITCHES, release
from batch.planning.gates.profile import FILE, Profile, file_ask
from batch.planning.gates.rules import mail_holds, reasons

__all__ = ["FILE", "MAILS", "SWITCHES", "Profile", "file_ask", "mail_holds", "reasons", "release"]
