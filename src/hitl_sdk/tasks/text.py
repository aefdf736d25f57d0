"""Tasks on a text."""

from hitl_sdk.tasks.classification import Classification, Labels
from hitl_sdk.tasks.multi_classification import MultiClassification

__all__ = ["TextClassification", "TextMultiClassification"]


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

    labeling_kind = "TextMultiClass"

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


class TextMultiClassification(MultiClassification):
    """Choose any number of labels for a text.

    Parameters
    ----------
    name, title, description, instructions, keywords
        As in `Task`.
    labels : sequence of str
        At least two, none empty, each once. Numbers become texts.
    none_of_these : str, optional
        What workers choose if no label fits, for example "None of these"; the answer is then empty.
    show_prediction : bool, default False
        Whether workers are told what the model says. The element can't have it chosen already, and a
        worker who knows it is biased; the human loop's input carries it either way.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule.
    TemplateError
        If the worker template would be longer than 128,000 characters.

    Examples
    --------
    >>> task = TextMultiClassification(name="topics", labels=["price", "size"], title="What is it about?")
    >>> task.input("Too small, and too dear", label=["size"])
    {'taskObject': 'Too small, and too dear', 'initialValue': ['size']}
    >>> task.parse_answer({"topics": {"labels": ["size", "price"]}}).label
    ('price', 'size')
    """

    labels: Labels

    labeling_kind = "TextMultiClassMultiLabel"

    def template(self) -> str:
        """Return the worker template, built on ``crowd-classifier-multi-select``.

        Raises
        ------
        TemplateError
            If it is longer than 128,000 characters.

        Examples
        --------
        >>> task = TextMultiClassification(
        ...     name="topics", labels=["price", "size"], title="What is it about?", none_of_these="Neither"
        ... )
        >>> 'exclusion-category="&#123;&quot;text&quot;: &quot;Neither&quot;&#125;"' in task.template()
        True
        """
        return self._classifier("text_multi_classification.liquid.html")
