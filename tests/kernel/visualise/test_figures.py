import shutil
from dataclasses import replace

import pytest

from landmarks.visualise import contact_sheet, figures
from tests.kernel import competition

NO_TRUTH = "True labels are not available, so the GAP is unknown."


@pytest.fixture(autouse=True)
def mounted(inputs, monkeypatch):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(inputs))


@pytest.fixture
def with_truth(inputs, settings, tmp_path, monkeypatch):
    """Mount the competition with a truth; returns what writes it."""
    root = shutil.copytree(inputs, tmp_path / "inputs") / settings.competition
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(root.parent))
    return lambda truth: competition.table(root / "truth.csv", ("id", "landmarks"), truth.items())


def test_the_data_is_shown_with_its_number_of_landmarks(settings):
    figure = figures.data(settings)
    assert figure.text == "Photographs of some of 3 landmarks, and the number of photographs per landmark."
    assert figure.image is not None


def test_neighbours_are_those_of_the_first_look(settings, steps, monkeypatch):
    drawn = []
    monkeypatch.setattr(contact_sheet, "draw", lambda step, queries, truth: drawn.append((step, queries, truth)))
    figures.neighbours(settings, steps)
    assert drawn == [(steps[0], contact_sheet.highest_scores_first(steps[0]), None)]


def test_of_the_pairs_the_one_of_which_most_agrees_and_the_one_of_which_least(settings, steps, monkeypatch):
    titles = []
    draw = figures.matches.draw
    monkeypatch.setattr(
        figures.matches, "draw", lambda pair, title, *rest: titles.append(title) or draw(pair, title, *rest)
    )
    assert figures.pairs(settings, steps).image is not None
    most, fewest = (title.split() for title in titles)
    assert (most[:2], fewest[:2]) == (["most", "inliers:"], ["fewest", "inliers:"])
    assert int(most[2]) > int(fewest[2])


def test_with_a_truth_the_mistakes_are_the_wrong_answers_and_the_gap_is_known(settings, steps, with_truth):
    with_truth(competition.QUERIES)
    assert figures.mistakes(settings, steps).text == "No prediction is wrong."
    assert figures.gap_curve(settings, steps).text == "GAP after retrieval: 1.0000; GAP after verification: 1.0000"
    with_truth(competition.QUERIES | {"4e00": ""})
    assert figures.mistakes(settings, steps).text == "The wrong predictions with the highest scores."
    assert "1.0000" in figures.gap_curve(settings, steps).text


def test_without_a_truth_the_least_sure_answers_are_shown_and_no_gap(settings, steps):
    mistakes = figures.mistakes(settings, steps)
    assert mistakes.text == "True labels are not available; these predictions have the lowest scores."
    assert mistakes.image is not None
    assert figures.gap_curve(settings, steps).text == NO_TRUTH


@pytest.mark.parametrize("scene", [figures.neighbours, figures.pairs, figures.mistakes])
def test_without_a_step_there_is_nothing_to_show(scene, settings):
    assert (scene(settings, []).text, scene(settings, []).image) == (figures.NO_STEP, None)


def test_photographs_that_cannot_be_described_are_left_out_of_the_pairs(settings, steps):
    nobody = replace(settings, local=replace(settings.local, rootsift=replace(settings.local.rootsift, max_features=1)))
    assert figures.pairs(nobody, steps).text == "No pair of photographs has enough matches."
