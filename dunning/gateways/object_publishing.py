"""A folder in an object store as a whole or not at all: what names the files goes first and comes last."""

from pathlib import Path

from dunning.gateways.object_store import ObjectPlace
from dunning.gateways.object_transfers import in_parallel, is_ours, put_file


def publish_objects(folder: Path, place: ObjectPlace, seal: str) -> None:
    """Make what lies at a place the files of a folder; `seal` is the file that names all others by SHA-256.

    The old seal is removed first; then every file is written and held against its checksum, small ones some at a time,
    and what we wrote there earlier and the folder no longer has is removed; the new seal comes last. Whoever trusts
    only what a seal names never sees half of two folders. What others put there stays.

    Raises:
        DunningError: something cannot be written; no seal stands then, unless the very last answer got lost.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    place.remove([seal])
    place.remove_unfinished_uploads()
    before = place.objects()

    def put(name: str) -> None:
        put_file(place, name, folder / name)

    small = [name for name, size in sizes.items() if size <= place.bounds.part_bytes and name != seal]
    in_parallel(put, small, place.bounds.threads)
    for name in sorted(sizes.keys() - {seal, *small}):
        put(name)
    place.remove([stored.name for stored in before if stored.name not in sizes and is_ours(place, stored)])
    put(seal)
