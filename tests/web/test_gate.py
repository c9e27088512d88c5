"""What Airflow's whole API server refuses before anything of a request is read."""

from collections.abc import Iterator
from typing import Any

import pytest

from dunning.web.gate import BODY_BYTES_MAX, read_rate
from tests.web.conftest import PREFIX, Airflow
from tests.web.test_access import SEARCH, form_of

RESULT = "/api/v2/dags/release/dagRuns/manual__1/taskInstances/ask_court/xcomEntries"


def browser_of(
    airflow: Airflow, token: str = "", address: str = "127.0.0.1", host: str = "localhost"
) -> Any:
    from starlette.testclient import TestClient

    return TestClient(
        airflow.app,
        base_url=f"http://{host}",
        client=(address, 50_000),
        follow_redirects=False,
        raise_server_exceptions=False,
        cookies={"_token": token} if token else {},
    )


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        ("192.168.1.7", "localhost", {}),
        ("127.0.0.1", "dunning.example", {}),
        ("127.0.0.1", "192.168.1.2", {}),
        ("127.0.0.1", "localhost", {"host": "dunning.example"}),
        ("127.0.0.1", "localhost", {"host": "localhost.evil.example:8080"}),
        ("127.0.0.1", "localhost", {"x-forwarded-for": "10.0.0.9"}),
        ("127.0.0.1", "localhost", {"x-forwarded-host": "dunning.example"}),
        ("127.0.0.1", "localhost", {"x-real-ip": "10.0.0.9"}),
        ("127.0.0.1", "localhost", {"forwarded": "for=10.0.0.9"}),
        ("127.0.0.1", "localhost", {"via": "1.1 dunning.example"}),
        ("127.0.0.1", "localhost", {"origin": "https://dunning.example"}),
        ("127.0.0.1", "localhost", {"origin": "http://["}),
        ("127.0.0.1", "localhost", {"host": "["}),
        ("::ffff:10.0.0.9", "localhost", {}),
    ],
)
def test_the_invented_users_are_of_this_machine_only(
    airflow: Airflow, address: str, host: str, headers: dict[str, str]
) -> None:
    far = browser_of(airflow, airflow.token("admin"), address, host)
    paths = (f"{PREFIX}/", "/", "/auth/login", "/api/v2/dags", "/api/v2/monitor/health")
    answers = [far.get(path, headers=headers) for path in paths]
    answers.append(
        far.post("/auth/token", json={"username": "admin", "password": "x"}, headers=headers)
    )
    assert {answer.status_code for answer in answers} == {403}
    assert all("for trying out" in answer.text for answer in answers)


@pytest.mark.parametrize(
    ("address", "host"), [("127.0.0.1", "localhost:8080"), ("::1", "[::1]:8080")]
)
def test_on_this_machine_they_log_in(airflow: Airflow, address: str, host: str) -> None:
    near = browser_of(airflow, airflow.token("viewer"), address, host)
    assert near.get(f"{PREFIX}/").status_code == 200


def test_other_users_come_from_everywhere(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fab = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", fab)
    far = browser_of(airflow, airflow.token("viewer"), "10.0.0.9", "dunning.example")
    assert far.get(f"{PREFIX}/").status_code == 200


@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/cli"])
def test_a_password_is_not_guessed_through_the_door_for_programs(
    airflow: Airflow, path: str
) -> None:
    from airflow.configuration import conf

    most, _ = read_rate(
        conf.get("fab", "auth_rate_limit", fallback="")
    )  # without FAB its default is not known
    program, other = (browser_of(airflow, address=f"127.0.{len(path)}.{last}") for last in (1, 2))

    tried = [
        program.post(path, json={"username": "admin", "password": f"{n}"}).status_code
        for n in range(most + 5)
    ]

    assert 429 not in tried[:most] and tried[most:] == [429] * 5
    assert other.post(path, json={"username": "admin", "password": "x"}).status_code != 429
    assert program.post(path, json={}).headers["retry-after"] == "60"


@pytest.mark.parametrize("name", ["collections", "legal", "admin"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", [RESULT, f"{RESULT}/return_value", RESULT.replace("release", "nightly")]
)
def test_nobody_writes_what_a_task_found_out(
    airflow: Airflow, name: str, method: str, path: str
) -> None:
    clerk = browser_of(airflow, airflow.token(name))
    told = {
        "key": "return_value",
        "value": {"answer": "approved", "by": "head", "note": ""},
        "map_index": -1,
    }
    answer = clerk.request(method, path, json=told)
    assert (answer.status_code, "written by the task itself" in answer.text) == (403, True)


def test_a_body_that_says_how_large_it_is_is_refused_before_it_is_read(airflow: Airflow) -> None:
    clerk = browser_of(airflow, airflow.token("legal"))
    answer = clerk.post(
        PREFIX + SEARCH, content=unread(), headers={"content-length": str(BODY_BYTES_MAX + 1)}
    )
    assert answer.status_code == 413


def unread() -> Iterator[bytes]:
    raise AssertionError("The body was read.")
    yield b""


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_body_that_does_not_say_it_is_cut_off(airflow: Airflow, kind: str) -> None:
    clerk, read = browser_of(airflow, airflow.token("legal")), []

    def endless() -> Iterator[bytes]:
        yield (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
            if "multipart" in kind
            else b"text="
        )
        for number in range(64):
            read.append(number)
            yield b"a" * (BODY_BYTES_MAX // 4)

    answer = clerk.post(PREFIX + SEARCH, content=endless(), headers={"content-type": kind})

    assert (answer.status_code, "larger than any form" in answer.text) == (413, True)


def test_a_form_of_the_usual_size_is_read(airflow: Airflow) -> None:
    clerk = browser_of(airflow, airflow.token("legal"))
    told = {"form_token": form_of("legal"), "text": "а" * 100_000}
    assert clerk.post(PREFIX + SEARCH, data=told).status_code == 200
