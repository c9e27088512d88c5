"""Error messages for an object store's answers: one line with the cause and the remedy."""

from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ResponseStreamingError,
    SSOError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import ConnectionError as NoConnection

from dunning.core.errors import DunningError, OutageError

# The store itself found that the bytes changed on the way: they are sent again.
DAMAGED = ("BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch")
GONE = ("NoSuchKey", "404", "NotFound", "PreconditionFailed", "412", "ConditionalRequestConflict")
_NO_ACCESS = ("AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem")
_WRONG_KEYS = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
)
_BUSY = (
    "SlowDown",
    "RequestTimeout",
    "TooManyRequests",
    "429",
    "ServiceUnavailable",
    "InternalError",
)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    CredentialRetrievalError,
    SSOError,
    UnauthorizedSSOTokenError,
)
_LINE = (NoConnection, HTTPClientError, ResponseStreamingError, IncompleteReadError)


def explain(error: BotoCoreError | ClientError, url: str) -> DunningError:
    """Return our error for an error of boto3 about an address.

    It is an OutageError where the same may go well later: no connection, a store that is busy or
    out of order.
    """
    if isinstance(error, ClientError):
        return _explain_answer(error, url)
    if isinstance(error, _NO_CREDENTIALS):
        return DunningError(
            f"There are no credentials for {url} ({type(error).__name__}). Set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role, and run again."
        )
    if isinstance(error, _LINE):
        return OutageError(
            f"The object store{_where(error)} did not answer, or broke off, again and again while {url} was in work "
            f"({type(error).__name__}). Check the network and AWS_ENDPOINT_URL_S3, and run again."
        )
    return DunningError(
        f"{url} cannot be used as boto3 is set up here ({type(error).__name__}: {_one_line(error)}). Check the AWS_ "
        "variables and the AWS configuration file, and run again."
    )


def _explain_answer(error: ClientError, url: str) -> DunningError:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    bucket = urlsplit(url).netloc
    # a 404 of these two requests can only mean the bucket: they name no object
    if code == "NoSuchBucket" or (
        code == "404" and error.operation_name in ("HeadBucket", "ListObjectsV2")
    ):
        return DunningError(
            f"The object store has no bucket {bucket}, so {url} cannot be used. Make the bucket, or correct the "
            "address or AWS_ENDPOINT_URL_S3."
        )
    # the version that was listed is gone: the files no longer fit each other
    if code in GONE:
        return DunningError(
            f"{url} changed or went away while it was read: parts of two versions would be mixed. Wait until it is "
            "written to its end and run again."
        )
    if code in _NO_ACCESS:
        return DunningError(
            f"The object store does not let us {_tried(error)} {url} ({code}). Give the credentials the right to list, "
            "get, put and delete there, and run again."
        )
    if code in _WRONG_KEYS:
        return DunningError(
            f"The object store does not accept our credentials for {url} ({code}). Check AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE, and run again."
        )
    if code == "RequestTimeTooSkewed":
        return DunningError(
            f"The clock of this machine and that of the object store differ by more than 15 minutes, so it takes "
            f"nothing from us for {url}. Set the clock right and run again."
        )
    # the only answers after which the same request may succeed later
    if status >= 500 or code in _BUSY:
        return OutageError(
            f"The object store is too busy or unwell: it answered {code or status} to every try to {_tried(error)} "
            f"{url}. Run again when it is well."
        )
    return DunningError(
        f"The object store refused to {_tried(error)} {url} ({code or status}). Check the address, the bucket's region "
        "(AWS_REGION) and its rules, and run again."
    )


def _tried(error: ClientError) -> str:
    """Return in a word what was tried.

    >>> _tried(ClientError({}, "ListObjectsV2")), _tried(ClientError({}, "PutObject"))
    ('list', 'write')
    """
    verbs = {
        "Put": "write",
        "Create": "write",
        "Upload": "write",
        "Complete": "write",
        "Abort": "write",
        "Delete": "delete",
        "List": "list",
    }
    return next(
        (word for verb, word in verbs.items() if error.operation_name.startswith(verb)), "read"
    )


def _where(error: BotoCoreError) -> str:
    """Return the host that was tried, without other parts of the address."""
    url = urlsplit(str(error.kwargs.get("endpoint_url") or ""))
    return (
        f" {url.hostname}:{url.port}"
        if url.hostname and url.port
        else f" {url.hostname}"
        if url.hostname
        else ""
    )


def _one_line(error: BotoCoreError) -> str:
    return " ".join(str(error).split())[:200]
