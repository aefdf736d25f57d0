"""``hitl demo``: the main job on real input, and the figures that matter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from hitl_sdk.demo import DemoReport

__all__ = ["demo"]

SHOWN = ["item_id", "label", "label_source", "model_label", "model_confidence", "agreement", "reason"]


def demo(
    *,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Below this confidence people decide.")
    ] = 0.90,
    reviewers: Annotated[int, typer.Option(min=1, max=3, help="Reviewers of each image.")] = 3,
    error_rate: Annotated[float, typer.Option(min=0, max=1, help="How often a reviewer is wrong.")] = 0.10,
    seed: Annotated[int, typer.Option(help="Of the reviewers' mistakes.")] = 7,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON and nothing else.")
    ] = False,
) -> None:
    """Take 1,497 handwritten digits through model, threshold, review and retraining, without an AWS account."""
    from hitl_sdk.demo import run_demo

    report, frame = run_demo(
        threshold=threshold,
        reviewers=reviewers,
        error_rate=error_rate,
        seed=seed,
        say=(lambda _: None) if as_json else (lambda line: typer.echo(f"  {line} ...")),
    )
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
    else:
        _print(report, frame)


def _print(report: DemoReport, frame: pd.DataFrame) -> None:
    typer.echo("\nThe training frame's head:\n")
    typer.echo(frame[SHOWN].head(8).to_string(index=False, float_format="{:.3f}".format))
    people = "reviewer" if report.answers_per_image == 1 else "reviewers"
    lines = [
        ("images routed", f"{report.images:,}"),
        ("accepted as the model said", f"{report.accepted:,}  ({report.share_accepted:.1%})"),
        (
            "shown to people",
            f"{report.reviewed:,}  ({report.answers_per_image} {people} each, wrong {report.reviewer_error_rate:.0%} of the time)",
        ),
        ("accuracy of the accepted", f"{report.accuracy_accepted:.1%}"),
        ("accuracy of the reviewed, before", f"{report.accuracy_reviewed_before:.1%}"),
        ("accuracy of the reviewed, after", f"{report.accuracy_reviewed_after:.1%}"),
        ("retrained without review", f"{report.accuracy_retrained_without_review:.1%}"),
        ("retrained on the outcome", f"{report.accuracy_retrained_with_review:.1%}"),
    ]
    typer.echo("")
    for what, figure in lines:
        typer.echo(f"  {what:<34}{figure}")
