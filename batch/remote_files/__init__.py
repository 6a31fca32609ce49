"""Files by address: dates filled in, remote files fetched into the home, whole or not at all.

=========  ==========================================================
module     what it knows
=========  ==========================================================
fetch      a place of its own for each fetch
addresses  what an address may be, and how a file from it is called
copy       what has come so far: length, cap, deadline
sftp       sftp://, as `sftp` would get it
https      https://, one answer and no other
object_stores  s3://, gs://, abfs://, by fsspec
=========  ==========================================================
"""

from batch.remote_files.addresses import fill_in_dates, is_far
from batch.remote_files.copy import LONGEST
from batch.remote_files.fetch import fetch_file

__all__ = ["LONGEST", "fetch_file", "fill_in_dates", "is_far"]
