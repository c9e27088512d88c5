"""Decode bytes in every encoding that a text file may have, also those unknown to Python."""

import codecs

ENCODINGS = (
    "utf-8",
    "utf-16",
    "cp1251",
    "cp1252",
    "cp866",
    "mik",
    "koi8-r",
    "iso-8859-1",
    "iso-8859-5",
    "utf-8-twice",
)
UTF_8 = (
    "utf-8",
    "utf-16",
    "utf-8-twice",
)  # may hold combining accents; UTF-16 is made UTF-8 while it is read

# MIK, of Bulgarian DOS programs: the alphabet in one stretch from 0x80 on, then frames, then cp437.
_CAPITALS = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
_FRAMES = "└┴┬├─┼╣║╚╔╩╦╠═╬┐░▒▓│┤№§╗╝┘┌█▄▌▐▀"
_MIK = (
    bytes(range(0x80)).decode()
    + _CAPITALS
    + _CAPITALS.lower()
    + _FRAMES
    + bytes(range(0xE0, 0x100)).decode("cp437")
)


def _as_bytes(encoding: str) -> dict[int, int]:
    """Return the byte of each letter of an 8-bit encoding.

    A byte without a letter counts as the letter with its own number.
    """
    letters = {byte: bytes((byte,)).decode(encoding, "ignore") or chr(byte) for byte in range(256)}
    return {byte: byte for byte in range(256)} | {
        ord(letter): byte for byte, letter in letters.items()
    }


# What UTF-8 was taken for before it was encoded again: the letters that its bytes then were.
_TAKEN_FOR = {name: _as_bytes(name) for name in ("cp1252", "cp1251", "cp866")}


def decode_text(data: bytes, encoding: str) -> str:
    """Return the text of some whole lines.

    >>> decode_text(bytes.fromhex("88a2a0ad"), "mik"), decode_text("Ð˜Ð²Ð°Ð½".encode(), "utf-8-twice")
    ('Иван', 'Иван')

    Raises:
        UnicodeDecodeError: bytes that the encoding does not have.
    """
    if encoding == "mik":
        return codecs.charmap_decode(data, "strict", _MIK)[0]
    if encoding == "utf-8-twice":
        return _decode_twice(data)
    return data.decode("utf-8" if encoding == "utf-16" else encoding)


def undo_once(text: str, taken_for: str) -> bytes | None:
    """Return the UTF-8 bytes of a text that was decoded in the wrong encoding `taken_for`.

    None where the text has letters that this encoding does not have.
    """
    places = _TAKEN_FOR[taken_for]
    try:
        return bytes(places[ord(letter)] for letter in text)
    except KeyError:
        return None


def _decode_twice(data: bytes) -> str:
    text = data.decode("utf-8")
    for name in _TAKEN_FOR:
        once = _undo_text(text, name)
        if once is not None:
            return once
    # No encoding undoes the whole text: find the first line that none undoes, for the message.
    at = 0
    for line in text.splitlines(keepends=True):
        if all(_undo_text(line, name) is None for name in _TAKEN_FOR):
            break
        at += len(line.encode())
    raise UnicodeDecodeError(
        "utf-8-twice", data, at, at + 1, "was not encoded twice, or not in one way"
    )


def _undo_text(text: str, taken_for: str) -> str | None:
    once = undo_once(text, taken_for)
    try:
        return once.decode("utf-8") if once is not None else None
    except UnicodeDecodeError:
        return None
