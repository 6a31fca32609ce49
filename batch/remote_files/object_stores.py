"""A file of a cloud's storage, by fsspec: of one version, as the storage says before and after."""

from batch.remote_files.copy import CHUNK, Copy


def fetch(url: str, copy: Copy) -> None:
    """Copy an object, in ranges; FileError where it was replaced between them."""
    from fsspec.core import url_to_fs

    files, path = url_to_fs(url, skip_instance_cache=True)
    before = files.info(path)
    if before["type"] != "file":
        raise FileNotFoundError
    copy.expect(int(before["size"]))
    with files.open(path, "rb") as source:
        while piece := source.read(CHUNK):
            copy.write(piece)
    files.invalidate_cache()
    if files.info(path) != before:
        raise copy.changed_error()
