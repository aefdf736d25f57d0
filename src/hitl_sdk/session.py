"""Where the calls go and as whom: Region, endpoint, credentials, retry policy, and clients made on first use."""

from __future__ import annotations

import os
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from hitl_sdk._aws_errors import translated_errors
from hitl_sdk._data import human_review_regions
from hitl_sdk._version import __version__
from hitl_sdk.arns import Arn, ArnKind, parse_arn
from hitl_sdk.errors import ConfigurationError, HitlError, RegionNotSupportedError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_comprehend import ComprehendClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_a2i_runtime import AugmentedAIRuntimeClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient
    from mypy_boto3_textract import TextractClient
    from mypy_boto3_transcribe import TranscribeServiceClient
    from mypy_boto3_translate import TranslateClient

__all__ = ["Session"]

ServiceName = Literal[
    "bedrock-runtime",
    "cognito-idp",
    "comprehend",
    "dynamodb",
    "events",
    "lambda",
    "rekognition",
    "s3",
    "sagemaker",
    "sagemaker-a2i-runtime",
    "sagemaker-runtime",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
    "textract",
    "transcribe",
    "translate",
]

DEFAULT_MAX_ATTEMPTS = 8
DEFAULT_POOL_CONNECTIONS = 64


class Session:
    """An AWS session for human review.

    Everything is lazy: making a session makes no call and no client.

    Parameters
    ----------
    region_name : str, optional
        The Region; else that of `boto3_session`, the environment or the profile.
    profile_name : str, optional
        A profile of the AWS configuration.
    endpoint_url : str, optional
        Who answers instead of AWS, for all services, for example a local review service. When left
        out, boto3 reads ``AWS_ENDPOINT_URL`` (and its kin by service) itself.
    boto3_session : boto3.Session, optional
        A session of your own, for credentials that boto3 can't find by itself. Excludes `profile_name`.
    max_attempts : int, default 8
        Attempts of one call, the first included, in botocore's adaptive retry mode.
        ``AWS_MAX_ATTEMPTS`` overrides the default.
    max_pool_connections : int, default 64
        Open connections a client keeps; at least the number of threads that share it.

    Raises
    ------
    ConfigurationError
        If no Region is given or found, both a profile and a session are, or the attempts are no number from 1.

    Examples
    --------
    >>> session = Session(region_name="eu-west-1")
    >>> session.region_name
    'eu-west-1'
    """

    def __init__(
        self,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        boto3_session: boto3.Session | None = None,
        max_attempts: int | None = None,
        max_pool_connections: int = DEFAULT_POOL_CONNECTIONS,
    ) -> None:
        if profile_name and boto3_session:
            raise ConfigurationError(
                "both profile_name and boto3_session were given",
                hint="a boto3 session brings its own profile",
            )
        self._boto3_session = boto3_session or _new_boto3_session(profile_name, region_name)
        region = region_name or self._boto3_session.region_name
        if not region:
            raise ConfigurationError(
                "no AWS Region is set",
                hint='give region_name="eu-west-1", or set AWS_DEFAULT_REGION',
            )
        self.region_name: str = region
        self.endpoint_url = endpoint_url
        self._max_attempts = _attempts(max_attempts)
        self._max_pool_connections = max_pool_connections
        self._clients: dict[str, Any] = {}
        self._lock = RLock()
        self._account_id: str | None = None

    def __repr__(self) -> str:
        """Name the Region and the endpoint, never a credential."""
        endpoint = f", endpoint_url={self.endpoint_url!r}" if self.endpoint_url else ""
        return f"Session(region_name={self.region_name!r}{endpoint})"

    @overload
    def client(self, service: Literal["bedrock-runtime"]) -> BedrockRuntimeClient: ...
    @overload
    def client(self, service: Literal["cognito-idp"]) -> CognitoIdentityProviderClient: ...
    @overload
    def client(self, service: Literal["comprehend"]) -> ComprehendClient: ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventBridgeClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["rekognition"]) -> RekognitionClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["sagemaker"]) -> SageMakerClient: ...
    @overload
    def client(self, service: Literal["sagemaker-a2i-runtime"]) -> AugmentedAIRuntimeClient: ...
    @overload
    def client(self, service: Literal["sagemaker-runtime"]) -> SageMakerRuntimeClient: ...
    @overload
    def client(self, service: Literal["sns"]) -> SNSClient: ...
    @overload
    def client(self, service: Literal["sqs"]) -> SQSClient: ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    @overload
    def client(self, service: Literal["sts"]) -> STSClient: ...
    @overload
    def client(self, service: Literal["textract"]) -> TextractClient: ...
    @overload
    def client(self, service: Literal["transcribe"]) -> TranscribeServiceClient: ...
    @overload
    def client(self, service: Literal["translate"]) -> TranslateClient: ...

    def client(self, service: ServiceName) -> object:
        """Return the boto3 client of a service: one a session, made on first use, safe to share by threads.

        Parameters
        ----------
        service : str
            The service, as boto3 names it: one of those that this package calls.

        Raises
        ------
        ConfigurationError
            If boto3 can't make it, for example for an unknown profile.
        """
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: ServiceName) -> object:
        try:
            with translated_errors():
                return self._boto3_session.client(
                    cast("Any", service),
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self._config(),
                )
        except ValueError as error:
            if isinstance(error, HitlError):
                raise
            raise ConfigurationError(
                f"the client of {service} can't be made: {error}",
                hint="an endpoint looks like http://127.0.0.1:8484",
            ) from error

    @property
    def boto3_session(self) -> boto3.Session:
        """The boto3 session behind it: the one that was given, or one of its own."""
        return self._boto3_session

    @property
    def account_id(self) -> str:
        """The twelve digits of the caller's account, asked of STS once.

        Raises
        ------
        CredentialsError
            If there are no credentials, or they have expired.
        """
        if self._account_id is None:
            with translated_errors("the caller's account"):
                self._account_id = self.client("sts").get_caller_identity()["Account"]
        return self._account_id

    def check_arn(self, text: str, kind: ArnKind) -> Arn:
        """Check that an ARN is of `kind` and lies in this session's Region and account.

        Parameters
        ----------
        text : str
            The ARN.
        kind : str
            What it must name: ``"workteam"``, ``"flow-definition"``, ``"role"``, ...

        Raises
        ------
        InvalidArnError
            If it is not, or does not.
        """
        return parse_arn(text, kind, region=self.region_name, account=self.account_id)

    def require_human_review(self) -> None:
        """Refuse a Region in which Ground Truth and A2I do not exist.

        Raises
        ------
        RegionNotSupportedError
            If the session's Region is not one of the twelve.
        """
        if self.region_name not in human_review_regions():
            raise RegionNotSupportedError(
                f"Augmented AI does not exist in Region {self.region_name}",
                hint=f"use one of {', '.join(human_review_regions())}",
            )

    def _config(self) -> Config:
        from botocore.config import Config

        return Config(
            retries={"mode": "adaptive", "total_max_attempts": self._max_attempts},
            max_pool_connections=self._max_pool_connections,
            user_agent_extra=f"hitl_sdk/{__version__}",
        )


def _attempts(given: int | None) -> int:
    """Return how often a call is attempted, as given, else by the environment, else by default."""
    value: object = os.environ.get("AWS_MAX_ATTEMPTS", DEFAULT_MAX_ATTEMPTS) if given is None else given
    try:
        attempts = int(cast("Any", value))
    except (TypeError, ValueError):
        attempts = 0
    if attempts < 1:
        raise ConfigurationError(
            f"max_attempts={value!r} is not a number of attempts",
            hint="give a whole number from 1, as max_attempts or in AWS_MAX_ATTEMPTS",
        )
    return attempts


def _new_boto3_session(profile_name: str | None, region_name: str | None) -> boto3.Session:
    import boto3

    with translated_errors():
        return boto3.Session(profile_name=profile_name, region_name=region_name)
