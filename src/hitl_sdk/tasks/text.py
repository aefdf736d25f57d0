"""Tasks on a text."""

from hitl_sdk.tasks.classification import Classification

__all__ = ["TextClassification"]


class TextClassification(Classification):
    """Choose one label for a text; the model's label is chosen already when the worker arrives.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = TextClassification(name="sentiment", labels=["-1", "0", "1"], title="Classify reviews")
    >>> task.input("It is okay", label=1)
    {'taskObject': 'It is okay', 'initialValue': '1'}
    >>> task.parse_answer({"sentiment": {"label": "0"}}).label
    '0'
    """

    def template(self) -> str:
        """Return the worker template, built on ``crowd-classifier``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = TextClassification(name="mood", labels=["<sad>", "glad"], title="Find the mood")
        >>> print(task.template())
        <script ...
            categories="[&quot;&lt;sad&gt;&quot;, &quot;glad&quot;]"
        ...
        """
        return self._classifier("text_classification.liquid.html")
