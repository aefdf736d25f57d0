"""Liquid that turns the label of a former labeling job, as the manifest line has it, into JSON for an element's attribute.

AWS's functions for verification and adjustment jobs give the whole line to the template, as ``task.input.manifestLine``
(Amazon SageMaker Developer Guide, "Label Verification and Adjustment").
"""

__all__ = ["INITIAL_VALUE", "class_name", "prior_boxes", "prior_mask", "prior_value"]

INITIAL_VALUE = "{{ task.input.initialValue | to_json | escape }}"
"""The label that the input of a human loop carries."""


def prior_value(prior: str) -> str:
    """Return where the label itself stands.

    Examples
    --------
    >>> prior_value("cats")
    "task.input.manifestLine['cats']"
    """
    return f"task.input.manifestLine['{prior}']"


def class_name(prior: str) -> str:
    """Return what prints the name of a class.

    Examples
    --------
    >>> class_name("animal")
    "{{ task.input.manifestLine['animal-metadata']['class-name'] }}"
    """
    return f"{{{{ {prior_value(f'{prior}-metadata')}['class-name'] }}}}"


def prior_boxes(prior: str) -> str:
    """Return what prints boxes, with their labels by name, as ``crowd-bounding-box`` takes them.

    Examples
    --------
    >>> prior_boxes("cats").startswith("[{% for box in task.input.manifestLine['cats'].annotations %}")
    True
    """
    names = f"{prior_value(f'{prior}-metadata')}['class-map']"
    edges = ", ".join(
        f"&quot;{edge}&quot;: {{{{ box.{edge} }}}}" for edge in ("left", "top", "width", "height")
    )
    return (
        f"[{{% for box in {prior_value(prior)}.annotations %}}{{% assign number = box.class_id | append: '' %}}"
        f"{{% assign names = {names} %}}"
        f"{{&quot;label&quot;: {{{{ names[number] | to_json | escape }}}}, {edges} }}"
        "{% unless forloop.last %}, {% endunless %}{% endfor %}]"
    )


def prior_mask(prior: str) -> str:
    """Return what prints the colours and the address of a mask, without the braces around them.

    Examples
    --------
    >>> "grant_read_access" in prior_mask("road-ref")
    True
    """
    colors = f"{prior_value(f'{prior}-metadata')}['internal-color-map']"
    return (
        "&quot;labelMappings&quot;: { {% assign comma = '' %}"
        f"{{% for entry in {colors} %}}{{% assign color = entry[1] %}}{{% if color['class-name'] != 'BACKGROUND' %}}"
        "{{ comma }}{{ color['class-name'] | to_json | escape }}: "
        "{&quot;color&quot;: {{ color['hex-color'] | to_json | escape }} }{% assign comma = ', ' %}"
        "{% endif %}{% endfor %} }, "
        f"&quot;src&quot;: {{{{ {prior_value(prior)} | grant_read_access | to_json | escape }}}}"
    )
