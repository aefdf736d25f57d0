"""Telling workers what the model says, where the element can't have it chosen already."""

from hitl_sdk.tasks.base import Task

__all__ = ["ShowsPrediction"]

_PREDICTION = (
    "{% if task.input.initialValue %}"
    '<p>The model says: <strong>{{ task.input.initialValue | join: ", " | default: "none" }}</strong></p>'
    "{% endif %}"
)


class ShowsPrediction(Task):
    """A task that can show the model's label, one or several, below the short instructions. Abstract."""

    show_prediction: bool = False

    def _short_html(self) -> str:
        return self.instructions.short_html() + (_PREDICTION if self.show_prediction else "")
