"""What the tests of consolidation share: votes written short, and the real ones that lie beside the repository."""

import os
from pathlib import Path

import pandas as pd
import pytest

from hitl_sdk.consolidation import Vote


@pytest.fixture(scope="session")
def votes_of():
    """Return votes, one a character: ``ann="ab"`` says a of item 0 and b of item 1; a blank is no vote."""

    def votes(**said):
        return [
            Vote(str(item), worker, label)
            for worker, labels in said.items()
            for item, label in enumerate(labels)
            if label != " "
        ]

    return votes


@pytest.fixture(scope="session")
def real_crowd():
    """Return the votes and the truth of a published set, or skip the test."""
    data = Path(os.environ.get("HITL_DATA", Path(__file__).parents[3] / "shared" / "data"))

    def read(name):
        folder = data / "crowd" / name
        if not folder.is_dir():
            pytest.skip("the published crowd sets are not there; HITL_DATA names the folder that has them")
        return pd.read_csv(folder / "label.csv"), pd.read_csv(folder / "truth.csv")

    return read
