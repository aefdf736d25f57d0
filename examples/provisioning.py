"""Provision who reviews, at once or one AWS resource at a time; and see before what would be done."""

# --8<-- [start:imports]
import hitl_sdk as hitl
from hitl_sdk.errors import DriftError

# --8<-- [end:imports]


# --8<-- [start:team]
def whole_team(session: hitl.Session) -> None:
    """Make all that a team of two stands on, and show that a second run changes nothing."""
    team = hitl.PrivateTeam(
        name="reviewers",
        members=[
            hitl.Member(email="ana@example.com"),
            hitl.Member(email="ben@example.com"),
        ],
    )
    print("plan, before:")
    print(team.plan(session))

    state = team.ensure(session)
    print("plan, after:")
    print(team.plan(session))
    print("workteam:", state.workteam_arn)
    print("portal:  ", state.portal_url)

    changed = team.model_copy(update={"description": "Reads product reviews"})
    print(
        "plan of a change:",
        *(change for change in changed.plan(session) if change.action != "keep"),
    )


# --8<-- [end:team]


# --8<-- [start:pieces]
def piece_by_piece(session: hitl.Session, role_arn: str) -> None:
    """Make the same from its parts; each builder is one AWS resource."""
    pool = hitl.UserPool(name="crew").ensure(session)
    client = hitl.UserPoolClient(name="portal", user_pool_id=pool.id).ensure(session)
    hitl.UserPoolDomain(domain="crew-of-the-guide", user_pool_id=pool.id).ensure(session)
    hitl.UserGroup(name="crew", user_pool_id=pool.id).ensure(session)
    hitl.User(
        username="ana@example.com",
        email="ana@example.com",
        user_pool_id=pool.id,
        group="crew",
    ).ensure(session)
    hitl.Workforce(name="people", user_pool_id=pool.id, client_id=client.id).ensure(session)
    workteam = hitl.Workteam(
        name="crew",
        description="Reviewers",
        user_pool_id=pool.id,
        client_id=client.id,
        group="crew",
    ).ensure(session)

    task = hitl.tasks.TextClassification(
        name="sentiment", labels=["-1", "0", "1"], title="Which sentiment?"
    )
    ui = hitl.HumanTaskUi(name="sentiment", content=task.template()).ensure(session)
    flow = hitl.FlowDefinition(
        name="sentiment",
        workteam_arn=workteam.arn,
        human_task_ui_arn=ui.arn,
        role_arn=role_arn,
        output="s3://reviews/a2i",
        title="Classify reviews",
    )
    print("flow:", flow.ensure(session).arn)

    # --8<-- [start:drift]
    by_three = flow.model_copy(update={"task_count": 3})
    print("plan of a change that AWS can't make:", by_three.plan(session))
    try:
        by_three.ensure(session)
    except DriftError as error:
        print("DriftError:", error)
    # --8<-- [end:drift]
    print("deleted:", flow.delete(session), "- deleted again:", flow.delete(session))


# --8<-- [end:pieces]


if __name__ == "__main__":
    with hitl.testing.mock_hitl() as cloud:
        whole_team(cloud.session("us-east-1"))
        print()
        piece_by_piece(
            cloud.session("eu-west-1"), cloud.role_arn
        )  # a Region has one workforce: so another one
