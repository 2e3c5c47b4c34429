import numpy as np
import pytest

from landmarks.calibration import fit_logistic, fit_whitening
from landmarks.ranking import logistic_probability
from landmarks.retrieval import l2_normalise


def test_a_fit_finds_the_model_that_made_the_truth():
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.normal(3, 2, 20_000), rng.normal(0, 0.1, 20_000)])
    odds = np.exp(-2.0 + 0.5 * features[:, 0] + 8.0 * features[:, 1])
    model = fit_logistic(features, rng.random(20_000) < odds / (1 + odds), penalty=0.0)
    assert model.intercept == pytest.approx(-2.0, abs=0.1)
    assert model.weights == pytest.approx((0.5, 8.0), rel=0.05)


def test_classes_that_part_cleanly_have_finite_weights():
    features = np.array([[0.0], [1.0], [2.0], [3.0]])
    model = fit_logistic(features, np.array([False, False, True, True]))
    assert logistic_probability(model, 0.0) < 0.1
    assert logistic_probability(model, 3.0) > 0.9
    assert np.isfinite(model.weights).all()


@pytest.mark.parametrize("right", [True, False])
def test_a_truth_of_one_kind_is_refused(right):
    with pytest.raises(ValueError, match="of 3 are right"):
        fit_logistic(np.zeros((3, 1)), np.full(3, right))


def test_whitening_weakens_the_directions_in_which_images_of_one_landmark_differ():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(30), 10)
    centres = rng.normal(size=(30, 4)) * [1, 1, 1, 0.1]
    vectors = (centres[labels] + rng.normal(size=(300, 4)) * [0.1, 0.1, 0.1, 3]).astype(np.float32)
    fitted = fit_whitening(vectors, labels.tolist(), values=3, shrinkage=0.01)
    whitened = l2_normalise((l2_normalise(vectors) - fitted["mean"]) @ fitted["projection"])
    assert fitted["projection"].shape == (4, 3)

    def share_right(embeddings):
        cosines = embeddings @ embeddings.T - 2 * np.eye(300)
        return (labels[cosines.argmax(axis=1)] == labels).mean()

    assert share_right(whitened) > share_right(l2_normalise(vectors)) + 0.05
