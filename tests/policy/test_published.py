"""Published versions are frozen: a change is a new version, a correction a new revision."""

from datetime import date
from pathlib import Path

from dunning.policy.check import check_policy
from dunning.policy.policies import BUILT_IN, load_policy
from dunning.policy.published import PUBLISHED, check_published, publish, read_published

INVENTED = ("profile", "supplier")
NEW_IN_2026 = {"wording"}


def _complaints(tmp_path: Path, old: str, new: str) -> list[str]:
    text = (BUILT_IN / "agreements.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "agreements.toml").write_text(text.replace(old, new, 1), "utf-8")
    return [str(finding) for finding in check_published(load_policy(tmp_path), read_published())]


def test_the_built_in_files_are_as_published() -> None:
    assert check_published(load_policy(), read_published()) == []


def test_the_built_in_policy_has_no_static_finding() -> None:
    assert check_policy() == []


def test_a_changed_value_is_refused(tmp_path: Path) -> None:
    assert _complaints(tmp_path, "grace_days = 3", "grace_days = 4") == [
        "agreements.toml:4: The version of 1990-01-01 was published with other values. Restore its values. A change "
        "is a new version with its own `effective_from`; a correction stands below it with the same day and "
        "`revision = 2`."
    ]


def test_a_removed_version_is_refused(tmp_path: Path) -> None:
    assert _complaints(tmp_path, "effective_from = 1990-01-01", "effective_from = 1991-01-01") == [
        "agreements.toml: The version of 1990-01-01 was published and is gone. Restore it; nights were run with it.",
        "agreements.toml:4: The version of 1991-01-01 holds values that are not published. Run `dunning policy "
        "publish`, so that nobody changes it later unseen.",
    ]


def test_words_may_be_corrected(tmp_path: Path) -> None:
    assert _complaints(tmp_path, "Три дни гратис", "Три дни допуск") == []


def test_publishing_adds_what_is_new_and_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "published.toml"
    assert len(publish(path)) == len(read_published())
    assert publish(path) == []
    assert set(read_published(path)) == set(read_published(PUBLISHED))


def test_a_new_key_is_published_beside_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "published.toml"
    text = PUBLISHED.read_text("utf-8")
    keys = next(
        line
        for line in text.splitlines()
        if line.startswith("keys") and "state_fee_percent" in line
    )
    entry = next(block for block in text.split("\n\n") if keys in block)
    path.write_text(text.replace(entry, ""), "utf-8")
    (added,) = publish(path)
    assert (added.file, added.effective_from, added.revision) == ("court.toml", date(1990, 1, 1), 1)
    assert check_published(load_policy(), read_published(path)) == []


def test_a_rule_says_since_when_it_really_holds() -> None:
    """Its first version stands for want of a source and says so; its own begins with the euro, with
    the same values.
    """
    for name, rule_file in load_policy().rule_files.items():
        first, *later = rule_file.in_force
        if name in INVENTED:  # who copies a file of his own changes one version, not two
            assert later == []
            assert "Стои от 1990 г., защото за измислен доставчик няма източник" in first.reason
        elif name != "interest_rates":
            (own,) = later
            assert (first.effective_from, own.effective_from) == (
                date(1990, 1, 1),
                date(2026, 1, 1),
            )
            assert first.reason.startswith(
                "Стои само за дни преди 2026 г.: за тях няма намерен източник"
            )
            assert "няма намерен източник" not in own.reason
            assert {
                key for key, value in first.values.items() if own.values[key] != value
            } <= NEW_IN_2026
        else:
            assert first.source.startswith("Няма потвърден източник")
