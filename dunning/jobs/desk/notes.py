"""Free-text reasons of users."""

from dunning.jobs.desk.refusals import RefusedError

_NOTE_MIN, _NOTE_MAX = 3, 500


def read_note(note: str) -> str:
    """Return a reason without control characters and surrounding spaces.

    A form cannot show control characters.

    Raises:
        RefusedError: it is too short or too long.
    """
    text = "".join(
        sign for sign in note.replace("\r\n", "\n") if sign.isprintable() or sign == "\n"
    ).strip()
    if not _NOTE_MIN <= len(text) <= _NOTE_MAX:
        raise RefusedError(
            f"The reason has {len(text)} signs; {_NOTE_MIN} to {_NOTE_MAX} are needed, for others must understand it.",
            "note_length",
            least=_NOTE_MIN,
            most=_NOTE_MAX,
        )
    return text
