"""Have people fill in a form about an advertisement; what the model read stands there already."""

from _review import review

import hitl_sdk as hitl
from hitl_sdk.tasks import CheckField, ChoiceField, MultiChoiceField, NumberField, TextField

TEXT = "City bike by Veloro, hardly used, with bell and basket. 180 euros."

task = hitl.tasks.Form(
    name="advertisement",
    title="What is on offer?",
    fields=[
        ChoiceField(name="kind", title="What is it?", choices=["bike", "car"], required=True),
        TextField(name="brand", title="Whose make?"),
        NumberField(name="price", title="Price in euros", min=0),
        CheckField(name="used", title="It is used"),
        MultiChoiceField(name="extras", title="It comes with", choices=["bell", "basket"]),
    ],
)
read = {"kind": "bike", "price": 18, "extras": ["bell"]}
truth = {
    "kind": "bike", "brand": "Veloro", "price": 180, "used": True, "extras": ["bell", "basket"]
}  # fmt: skip

predictions = [hitl.Prediction("bike", TEXT, label=read, confidence=0.44)]
review("form", task, predictions, {TEXT: truth})
