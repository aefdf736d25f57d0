"""The constraints of the models, refused in AWS's words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.local.wire import (
    HttpRequest,
    SerializationError,
    ValidationError,
    Wire,
    human_review_operations,
)
from hitl_sdk.local.wire.validation import _matches


def sagemaker(operation, params):
    body = params if isinstance(params, bytes) else json.dumps(params).encode()
    return Wire().parse(
        human_review_operations()[operation],
        HttpRequest("POST", "/", headers={"x-amz-target": f"SageMaker.{operation}"}, body=body),
    )


def refusal(operation, params):
    with pytest.raises(ValidationError) as caught:
        sagemaker(operation, params)
    return caught.value.message


def test_a_missing_member_must_not_be_null():
    assert refusal("DescribeWorkteam", {}) == (
        "1 validation error detected: Value null at 'workteamName' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_pattern_must_match_the_whole_value():
    assert refusal("DescribeHumanTaskUi", {"HumanTaskUiName": "a_b"}) == (
        "1 validation error detected: Value 'a_b' at 'humanTaskUiName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-z0-9](-*[a-z0-9])*"
    )


def test_a_trailing_line_break_does_not_match():
    assert "regular expression" in refusal("DescribeHumanTaskUi", {"HumanTaskUiName": "ab\n"})


@pytest.mark.parametrize(
    ("operation", "params", "constraint"),
    [
        (
            "DescribeHumanTaskUi",
            {"HumanTaskUiName": ""},
            "Member must have length greater than or equal to 1",
        ),
        (
            "DescribeHumanTaskUi",
            {"HumanTaskUiName": "a" * 64},
            "Member must have length less than or equal to 63",
        ),
        ("ListHumanTaskUis", {"MaxResults": 0}, "Member must have value greater than or equal to 1"),
        ("ListHumanTaskUis", {"MaxResults": 101}, "Member must have value less than or equal to 100"),
        (
            "ListWorkteams",
            {"SortOrder": "Up"},
            "Member must satisfy enum value set: [Ascending, Descending]",
        ),
    ],
)
def test_limits_are_refused_in_the_words_of_aws(operation, params, constraint):
    assert constraint in refusal(operation, params)


def test_every_violation_is_named_with_its_path():
    message = refusal(
        "CreateHumanTaskUi",
        {
            "HumanTaskUiName": "Not-Lower",
            "UiTemplate": {},
            "Tags": [{"Key": "a"}, {"Key": "b", "Value": "c"}],
        },
    )

    assert message.startswith("3 validation errors detected: ")
    assert "Value 'Not-Lower' at 'humanTaskUiName'" in message
    assert "Value null at 'uiTemplate.content'" in message
    assert "Value null at 'tags.1.member.value'" in message


def test_a_secret_is_never_repeated():
    oidc = dict.fromkeys(
        ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint", "LogoutEndpoint", "JwksUri"),
        "https://idp.example.com/x",
    )
    message = refusal(
        "CreateWorkforce",
        {"WorkforceName": "w", "OidcConfig": {**oidc, "ClientId": "c", "ClientSecret": "geheim-\u00e9"}},
    )

    assert "Value at 'oidcConfig.clientSecret' failed" in message
    assert "geheim" not in message


def test_long_values_are_not_repeated():
    assert "<p>" not in refusal(
        "CreateHumanTaskUi", {"HumanTaskUiName": "a", "UiTemplate": {"Content": "<p>" * 50_000}}
    )


def test_a_map_is_checked_by_size_and_value():
    oidc = {"AuthenticationRequestExtraParams": {str(number): "v" for number in range(11)}}

    message = refusal("CreateWorkforce", {"WorkforceName": "w", "OidcConfig": oidc})

    assert "at 'oidcConfig.authenticationRequestExtraParams' failed" in message


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "Größe 7", True),
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "a,b", False),
        (r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", "prüfer-1]", True),
        (r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", "two words", False),
        (r"[\p{L}]+", "123", False),
        (r"\d{2}", "\u0661\u0662", False),  # Java's \d is ASCII
    ],
)
def test_java_patterns_mean_what_they_mean_to_java(pattern, text, expected):
    assert _matches(pattern, text) is expected


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_a_unicode_class_agrees_with_pythons_own_notion_of_a_letter(text):
    assert _matches(r"[\p{L}]*", text) is all(character.isalpha() for character in text)


@pytest.mark.parametrize(
    ("operation", "body", "said"),
    [
        ("DescribeWorkteam", b"{", "not JSON"),
        ("DescribeWorkteam", b"\xff\xfe", "not JSON"),
        ("DescribeWorkteam", b"[]", "'body' must be a structure"),
        ("DescribeWorkteam", b'{"WorkteamName": 7}', "'WorkteamName' must be of type string"),
        ("ListWorkteams", b'{"MaxResults": true}', "'MaxResults' must be of type integer"),
        ("ListWorkteams", b'{"MaxResults": "7"}', "'MaxResults' must be of type integer"),
        ("ListHumanTaskUis", b'{"CreationTimeAfter": "soon"}', "'CreationTimeAfter' must be a timestamp"),
        ("CreateWorkteam", b'{"MemberDefinitions": {}}', "'MemberDefinitions' must be a list"),
        (
            "CreateWorkforce",
            b'{"OidcConfig": {"AuthenticationRequestExtraParams": 1}}',
            "'OidcConfig.AuthenticationRequestExtraParams' must be a map",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_a_serialization_error(operation, body, said):
    with pytest.raises(SerializationError, match=said):
        sagemaker(operation, body)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("MaxResults=many", "'MaxResults' must be of type integer"),
        ("CreationTimeAfter=soon", "must be a timestamp"),
    ],
)
def test_a_query_that_cannot_be_read_is_a_serialization_error(query, said):
    with pytest.raises(SerializationError, match=said):
        Wire().parse(human_review_operations()["ListHumanLoops"], HttpRequest("GET", "/human-loops", query))


def test_nulls_and_unknown_members_are_ignored():
    assert sagemaker("ListWorkteams", {"MaxResults": None, "Colour": "red"}) == {}


def test_an_empty_body_is_an_empty_request():
    assert sagemaker("ListWorkteams", b"") == {}
