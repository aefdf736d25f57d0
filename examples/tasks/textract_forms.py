"""Have people mend what was read from an invoice: Textract took a 5 for an S."""

from io import BytesIO

from _review import review
from PIL import Image, ImageDraw

import hitl_sdk as hitl
from hitl_sdk.labels import FormField

ADDRESS = "s3://examples/invoice.png"


def invoice() -> bytes:
    """Return the image of an invoice."""
    image = Image.new("RGB", (320, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 30), "Due date:   3 May")
    draw.text((20, 60), "Total:      85.00")
    written = BytesIO()
    image.save(written, format="PNG")
    return written.getvalue()


task = hitl.tasks.TextractForms(
    name="invoice",
    title="Mend the fields of the invoice",
    keys={"Due date": ["Payable by"], "Total": ["Amount", "Sum"]},
)
read = [FormField("Due date", "3 May", 0.98), FormField("Total", "8S.00", 0.47)]
truth = [FormField("Due date", "3 May"), FormField("Total", "85.00")]

predictions = [hitl.Prediction("invoice", ADDRESS, label=read, confidence=0.47)]
review("textract_forms", task, predictions, {ADDRESS: truth}, files={"invoice.png": invoice()})
