"""Have people compare two texts, on a page of our own."""

import json

from _review import review

import hitl_sdk as hitl

TEMPLATE = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <p>{{ task.input.question }}</p>
  <crowd-classifier name="better" header="Which is better?" categories='["left", "right"]'>
    <classification-target>
      <p>Left: {{ task.input.left }}</p>
      <p>Right: {{ task.input.right }}</p>
    </classification-target>
  </crowd-classifier>
  {% if task.input.ask_why %}<crowd-input name="why" label="Why?"></crowd-input>{% endif %}
</crowd-form>
"""

task = hitl.tasks.Custom(name="compare", title="Compare two answers", template=TEMPLATE)
print("needs", task.input_keys)
print("gives", task.label_type)

texts = {"question": "Is it waterproof?", "left": "For 30 minutes", "right": "It is blue"}
item = json.dumps({**texts, "ask_why": True}, sort_keys=True)
truth = {item: {"better": "left", "why": "it answers the question"}}

predictions = [hitl.Prediction("1", item, label={"better": "right"}, confidence=0.51)]
review("custom", task, predictions, truth)
