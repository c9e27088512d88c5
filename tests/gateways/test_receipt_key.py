"""The key of receipt tokens: made once, kept to its owner, never shown; the same token for the same
notice.
"""

import stat

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.files.receipt_key import ReceiptKey, hash_token, open_receipt_key
from dunning.gateways.settings.signing import SigningSettings

HEX = "0123456789abcdef" * 4


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    first, second = (open_receipt_key(tmp_path / "home", {}) for _ in range(2))
    (file,) = (tmp_path / "home").iterdir()

    assert first == second != open_receipt_key(tmp_path / "other", {})
    assert len(first.secret) == 32
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("receipt.key", 0o600)


def test_the_environment_goes_first(tmp_path):
    assert open_receipt_key(tmp_path, {"DUNNING_RECEIPT_KEY": HEX}).secret.hex() == HEX
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["abc", "xyz" * 30, HEX[:-2]])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path, wrong):
    (tmp_path / "receipt.key").write_text(wrong)
    for env in ({}, {"DUNNING_RECEIPT_KEY": wrong}):
        with pytest.raises(DunningError, match="should hold a key of 32 bytes or more") as told:
            open_receipt_key(tmp_path, env)
        assert wrong not in str(told.value)


def test_a_token_is_the_notices_own(tmp_path):
    key, other = ReceiptKey(bytes.fromhex(HEX)), ReceiptKey(bytes(32))
    token = key.token("20261115-NE-1-2")

    assert token == key.token("20261115-NE-1-2")
    assert len({token, key.token("20261115-NE-1-3"), other.token("20261115-NE-1-2")}) == 3
    assert len(token) == 32
    assert len(hash_token(token)) == 64


def test_secrets_are_not_shown(tmp_path):
    (tmp_path / "seal.p12").write_bytes(b"bytes of a key")
    env = {
        "DUNNING_SIGN_PKCS12": str(tmp_path / "seal.p12"),
        "DUNNING_SIGN_PASSWORD": "hush",
        "DUNNING_SIGN_TIMESTAMP_URL": "https://clerk:hush@stamp.example",
    }
    settings = SigningSettings.from_environment(env)

    assert (settings.pkcs12, settings.password, settings.timestamp_url) == (
        b"bytes of a key",
        "hush",
        "https://clerk:hush@stamp.example",
    )
    assert "hush" not in repr(settings) and "bytes" not in repr(settings)
    assert "secret" not in repr(ReceiptKey(bytes(32)))


def test_signing_is_set_as_a_whole_or_not_at_all(tmp_path):
    (tmp_path / "seal.p12").write_bytes(b"key")
    (tmp_path / "password").write_text("с интервал \n", "utf-8")
    named = {"DUNNING_SIGN_PKCS12": str(tmp_path / "seal.p12")}
    given = named | {"DUNNING_SIGN_PASSWORD_FILE": str(tmp_path / "password")}

    assert SigningSettings.from_environment({"DUNNING_SIGN_PKCS12": ""}) is None
    assert SigningSettings.from_environment(given).password == "с интервал "
    with pytest.raises(
        DunningError, match="DUNNING_SIGN_PASSWORD_FILE is set but DUNNING_SIGN_PKCS12 is not"
    ):
        SigningSettings.from_environment({"DUNNING_SIGN_PASSWORD_FILE": "x"})
    with pytest.raises(
        DunningError,
        match=r"nowhere.p12 that DUNNING_SIGN_PKCS12 names cannot be read \(No such file",
    ):
        SigningSettings.from_environment({"DUNNING_SIGN_PKCS12": str(tmp_path / "nowhere.p12")})


def test_a_home_that_others_must_pass_through_stays_so(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o710)
    open_receipt_key(tmp_path / "home", {})
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o710
