"""A2I's own activation conditions as a policy: the rule of the built-in integration for a model of one's own."""

import hitl_sdk as hitl

# --8<-- [start:conditions]
CONDITIONS = """{"Conditions": [
  {"ConditionType": "ImportantFormKeyConfidenceCheck",
   "ConditionParameters": {"ImportantFormKey": "Total", "ImportantFormKeyAliases": ["Sum"],
                           "KeyValueBlockConfidenceLessThan": 80}},
  {"ConditionType": "MissingImportantFormKey",
   "ConditionParameters": {"ImportantFormKey": "Due date"}}]}"""
# --8<-- [end:conditions]


def page(**confidences: float) -> dict[str, object]:
    """Return what Textract's AnalyzeDocument answers of a form with these keys, as far as it matters here."""
    blocks: list[dict[str, object]] = []
    for key, confidence in confidences.items():
        word = {
            "BlockType": "WORD",
            "Id": f"{key}-word",
            "Text": key,
            "Confidence": confidence,
        }
        words = [{"Type": "CHILD", "Ids": [f"{key}-word"]}]
        blocks += [
            word,
            {
                "BlockType": "KEY_VALUE_SET",
                "EntityTypes": ["KEY"],
                "Id": key,
                "Confidence": confidence,
                "Relationships": words,
            },
        ]
    return {"Blocks": blocks}


def main() -> None:
    """Evaluate conditions on this machine, and write a policy as conditions."""
    # --8<-- [start:evaluate]
    conditions = hitl.ActivationConditions.parse(CONDITIONS)
    activation = conditions.evaluate(page(Sum=64.0, Customer=99.0), draw_key="form-1")
    print(activation.active, [block["Id"] for block in activation.matched])
    for node in activation.results["Conditions"]:
        print(node["ConditionType"], node["EvaluationResult"])
    # --8<-- [end:evaluate]

    # --8<-- [start:policy]
    policy = conditions | hitl.Sample(0.05, seed=7)
    prediction = hitl.Prediction(
        "form-1", "s3://forms/1.png", "invoice", 0.97, raw=page(Total=64.0)
    )
    print(policy.decide_one(prediction))
    # --8<-- [end:policy]

    # --8<-- [start:write]
    policy = hitl.Confidence("Total", "<", 0.80) | hitl.Missing("Due date") | hitl.Sample(0.05)
    written = hitl.ActivationConditions.from_policy(policy, service="textract")
    print(written.to_json())
    # --8<-- [end:write]


if __name__ == "__main__":
    main()
