"""What a worker sees and answers: one file per family of tasks, and their worker templates."""

from hitl_sdk.tasks.answers import Answer
from hitl_sdk.tasks.base import Task
from hitl_sdk.tasks.entities import NamedEntityRecognition
from hitl_sdk.tasks.image import ImageClassification
from hitl_sdk.tasks.instructions import Example, Instructions
from hitl_sdk.tasks.text import TextClassification, TextMultiClassification

__all__ = [
    "Answer",
    "Example",
    "ImageClassification",
    "Instructions",
    "NamedEntityRecognition",
    "Task",
    "TextClassification",
    "TextMultiClassification",
]
