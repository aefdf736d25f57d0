"""What a worker sees and answers: one file per family of tasks, and their worker templates."""

from hitl_sdk.tasks.answers import ClassificationAnswer
from hitl_sdk.tasks.base import Instructions, Task
from hitl_sdk.tasks.image import ImageClassification
from hitl_sdk.tasks.text import TextClassification

__all__ = ["ClassificationAnswer", "ImageClassification", "Instructions", "Task", "TextClassification"]
