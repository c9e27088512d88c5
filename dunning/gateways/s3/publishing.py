"""Publish a folder to an object store as a whole: its seal removed first, written last."""

from pathlib import Path

from dunning.gateways.s3.object_store import ObjectPlace
from dunning.gateways.s3.transfers import in_parallel, is_copy, is_ours, put_file


def publish_objects(folder: Path, place: ObjectPlace, seal: str) -> None:
    """Make the objects of a place the files of a folder, as a whole or not at all.

    `seal` is the file that names all others by SHA-256. The old seal is removed first; then every
    file is written and compared with its checksum, small ones some at a time, and objects that we
    wrote earlier and that the folder no longer has are removed; the new seal comes last. A reader
    who trusts only what a seal names never sees half of two folders. Objects of others stay.

    Where the very same seal is there already, the objects stay; only those are written that are
    missing or were changed.

    Raises:
        DunningError: something cannot be written; there is no seal then, unless the very last
            answer got lost.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    stored = place.find(seal)
    if stored is not None and is_copy(place, stored, folder / seal):
        there = {entry.name: entry for entry in place.objects()}
        is_whole = {
            name: name in there and is_copy(place, there[name], folder / name) for name in sizes
        }
        _put_all(folder, place, {name: size for name, size in sizes.items() if not is_whole[name]})
        return
    # from here on until the last line the place has no seal, and nothing in it counts
    place.remove([seal])
    place.remove_unfinished_uploads()
    before = place.objects()
    _put_all(folder, place, {name: size for name, size in sizes.items() if name != seal})
    place.remove(
        [entry.name for entry in before if entry.name not in sizes and is_ours(place, entry)]
    )
    put_file(place, seal, folder / seal)


def _put_all(folder: Path, place: ObjectPlace, sizes: dict[str, int]) -> None:
    def put(name: str) -> None:
        put_file(place, name, folder / name)

    small = [name for name, size in sizes.items() if size <= place.bounds.part_bytes]
    in_parallel(put, small, place.bounds.threads)
    # large ones one after the other: each is sent in parallel parts itself
    for name in sorted(sizes.keys() - set(small)):
        put(name)
