"""Files are there as a whole or not at all."""

import pandas as pd
import pytest

from hitl_sdk.errors import InvalidInputError
from hitl_sdk.tasks import TextClassification
from hitl_sdk.training import to_coco, to_conll, to_mask_pngs, to_voc, to_yolo
from hitl_sdk.training._files import write_files


def broken():
    yield b"first"
    raise OSError("no space left on device")


def test_nothing_is_written_if_one_file_can_not_be_made(tmp_path):
    with pytest.raises(OSError, match="no space"):
        write_files(tmp_path, ["a", "b"], broken(), overwrite=False)

    assert list(tmp_path.iterdir()) == []


def test_an_old_file_stays_if_a_new_one_can_not_be_made(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    with pytest.raises(OSError, match="no space"):
        write_files(tmp_path, ["a", "b"], broken(), overwrite=True)

    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "a").mkdir()

    with pytest.raises(InvalidInputError, match="a exists"):
        write_files(tmp_path, ["a"], [b"new"], overwrite=True)


def test_folders_are_made(tmp_path):
    paths = write_files(tmp_path / "x", ["a", "y/z/b"], [b"1", b"2"], overwrite=False)

    assert [path.read_bytes() for path in paths] == [b"1", b"2"]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["a", "y"]


@pytest.mark.parametrize("export", [to_coco, to_conll, to_mask_pngs, to_voc, to_yolo])
def test_a_task_in_the_place_of_the_frame_is_refused_in_words(export, tmp_path):
    task = TextClassification(name="mood", labels=["a", "b"], title="Which?")

    with pytest.raises(InvalidInputError, match="TextClassification is no frame"):
        export(task, pd.DataFrame({"item_id": ["1"], "item": ["x"], "label": ["a"]}), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
