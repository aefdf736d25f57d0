"""Audio and video clips: what is said in them, and what happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitl_sdk.consolidation import MajorityVote, SpanConsolidation, TextConsolidation
from hitl_sdk.errors import InvalidInputError, InvalidOutputError, InvalidPredictionError
from hitl_sdk.tasks import Answer, Instructions, TranscriptionReview, VideoClassification

CLIP = "s3://bucket/1.wav"


def transcription(**fields):
    return TranscriptionReview(**{"name": "said", "title": "Write down what is said"} | fields)


def video(**fields):
    return VideoClassification(
        **{"name": "action", "labels": ["run", "walk"], "title": "What do they do?"} | fields
    )


def test_the_clip_is_played_and_its_text_stands_there(page_seen):
    asked = transcription(instructions=Instructions(short="<Listen>", full="{{ twice }}"))
    html, elements = page_seen(asked, asked.input(CLIP, 'a "fine" <pie>\nand more'))

    assert '<audio controls style="width: 100%" src="https://signed/bucket/1.wav">' in html
    assert [element.tag for element in elements] == ["crowd-form", "crowd-instructions", "crowd-text-area"]
    assert elements[-1].name == "said"
    assert elements[-1].attributes["value"] == 'a "fine" <pie>\nand more'
    assert "&lt;Listen&gt;" in html
    assert "&#123;&#123; twice &#125;&#125;" in html


def test_a_part_of_a_recording_is_played_by_its_times_behind_the_signed_address(page_seen):
    html, _ = page_seen(transcription(), transcription().input(f"{CLIP}#t=1.75,4.15"))

    assert 'src="https://signed/bucket/1.wav#t=1.75,4.15"' in html


def test_without_a_prediction_the_text_is_empty(page_seen):
    _, elements = page_seen(transcription(), transcription().input(CLIP))
    assert elements[-1].attributes["value"] == ""


@pytest.mark.parametrize("text", ['"quoted"', "<b>", "{{ task.input }}", "{% if %}", "$name"])
def test_titles_of_any_characters_survive_the_template(page_seen, text):
    html, _ = page_seen(transcription(title=text), {"taskObject": CLIP})
    assert f"<h2>{text}</h2>" in html.replace("&lt;", "<").replace("&gt;", ">").replace(
        "&quot;", '"'
    ).replace("&#123;", "{").replace("&#125;", "}")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"said": "a pie"}, "a pie"),
        ({"said": " a pie\n"}, "a pie"),
        ({"said\u200b": "a pie"}, "a pie"),
        ({"said": ""}, ""),
        ({"said": None}, ""),
        ({}, ""),
    ],
)
def test_a_text_is_read_and_a_missing_one_is_empty(content, text):
    assert transcription().parse_answer(content) == Answer(text)


@pytest.mark.parametrize("content", [{"other": "a pie"}, {"said": {"label": "a"}}, {"said": 3}])
def test_an_answer_to_another_task_is_an_error(content):
    with pytest.raises(InvalidOutputError, match="no text under 'said'"):
        transcription().parse_answer(content)


@given(st.text())
def test_what_goes_in_as_a_prediction_comes_back_as_an_answer(text):
    asked = transcription()
    label = asked.normalise_label(text)
    assert asked.input(CLIP, text)["initialValue"] == label
    assert asked.parse_answer({"said": label}).label == label


def test_a_prediction_that_is_no_text_is_refused():
    with pytest.raises(InvalidPredictionError, match="is list, no text"):
        transcription().normalise_label(["a"])


def test_texts_are_consolidated_by_closeness_or_as_labels_are():
    assert isinstance(transcription().consolidation(), TextConsolidation)
    assert isinstance(transcription().consolidation(MajorityVote()), MajorityVote)
    with pytest.raises(InvalidInputError, match="SpanConsolidation can't"):
        transcription().consolidation(SpanConsolidation())


def test_a_video_is_played_inside_the_classifier(page_seen):
    html, (_, element) = page_seen(video(), video().input("s3://bucket/1.mp4", "walk"))

    assert element.tag == "crowd-classifier"
    assert element.categories == ("run", "walk")
    assert element.attributes["initial-value"] == "walk"
    assert '<video controls style="max-width: 100%" src="https://signed/bucket/1.mp4">' in html
    assert video().parse_answer({"action": {"label": "run"}}).label == "run"


def test_a_clip_is_an_address():
    with pytest.raises(InvalidPredictionError, match="no address of a video clip"):
        video().input("1.mp4")
    with pytest.raises(InvalidPredictionError, match=r"put the clip into S3"):
        transcription().input("1.wav")
