"""Whether an OLE container (XLS, or an encrypted XLSX) is under a password."""

import struct

from batch.loader.files.blobs import Blob, explain_read_errors

SECTOR = 512
"""Bytes; streams of a container begin at multiples of it."""
LOOKED_AT = 64
"""Records after the stream's first in which FILEPASS stands, if anywhere."""
_BOF, _FILEPASS, _END = (0x0809, 0x0009), 0x002F, 0x000A
_ENCRYPTED = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))


def is_encrypted(blob: Blob) -> bool:
    """An encrypted package in it, or a FILEPASS record at the head of the workbook's stream ([MS-XLS] 2.4.117)."""
    with explain_read_errors(blob.name), blob.open() as stream:
        content = stream.read()
    if any(name in content for name in _ENCRYPTED):
        return True
    starts = range(0, len(content) - 4, SECTOR)
    return any(
        _has_filepass(content, start) for start in starts if content[start] == 9 and content[start + 1] in (0, 8)
    )


def _has_filepass(content: bytes, offset: int) -> bool:
    for _ in range(LOOKED_AT):
        if offset + 4 > len(content):
            return False
        record, length = struct.unpack_from("<HH", content, offset)
        if record in (_FILEPASS, _END):
            return bool(record == _FILEPASS)
        offset += 4 + length
    return False
