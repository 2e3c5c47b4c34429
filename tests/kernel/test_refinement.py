from dataclasses import replace

import numpy as np
import pytest

from landmarks.errors import WrongReference
from landmarks.index.search import Part, nearest
from landmarks.refinement import embeddings_of, expand, neighbours
from landmarks.retrieval import l2_normalise
from landmarks.settings import (
    ExpansionSettings,
    NonLandmarkSettings,
    RetrievalSettings,
    Settings,
    WhiteningSettings,
)

SETTINGS = Settings(retrieval=RetrievalSettings(neighbours=2))
E1, E2, E3 = np.eye(3, dtype=np.float32)
GALLERY = np.stack([E1, E2, l2_normalise((E1 + E2)[None])[0], E3])
PARTS = [Part(ids=["a", "c"], vectors=GALLERY[[0, 2]]), Part(ids=["b", "d"], vectors=GALLERY[[1, 3]])]


def found(queries, tmp_path, **changes):
    settings = replace(SETTINGS, **changes)
    return [*neighbours(np.array(queries, np.float32), PARTS, settings, lambda slug: tmp_path / slug)]


def attach(folder, slug, **arrays):
    (folder / slug).mkdir()
    np.savez(folder / slug / f"{slug}.npz", **arrays)


def test_by_default_neighbours_are_those_of_the_plain_comparison(tmp_path):
    queries = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    assert found(queries, tmp_path) == [*nearest(queries, PARTS, SETTINGS.retrieval)]


def test_rows_are_found_in_whichever_part_holds_them():
    np.testing.assert_array_equal(embeddings_of(["b", "a", "d"], PARTS), [E2, E1, E3])


def test_an_embedding_is_joined_by_neighbours_with_the_power_of_their_cosine():
    joined = expand(2 * E1[None], [[("c", 0.5), ("d", -0.5)]], PARTS, ExpansionSettings(power=2))
    np.testing.assert_allclose(joined, l2_normalise((E1 + 0.25 * GALLERY[2])[None]), atol=1e-6)


def test_an_expanded_query_finds_what_its_neighbour_shows(tmp_path):
    first = [[match[0] for match in near] for near in found([E1], tmp_path)]
    expansion = ExpansionSettings(neighbours=2, power=1)
    (near,) = found([E1], tmp_path, query_expansion=expansion, retrieval=RetrievalSettings(neighbours=4))
    assert first == [["a", "c"]]
    assert near[2][0] == "b"
    assert near[2][1] > 0


def test_an_expanded_gallery_image_is_joined_by_others_and_not_by_itself(tmp_path):
    (near,) = found([E1], tmp_path, gallery_expansion=ExpansionSettings(neighbours=1, power=1))
    middle = l2_normalise((GALLERY[0] + np.sqrt(0.5) * GALLERY[2])[None])[0]
    assert near[0] == ("a", pytest.approx(float(middle[0])))


def test_gallery_images_and_queries_like_non_landmarks_lose_score(tmp_path):
    attach(tmp_path, "non-landmarks", embeddings=np.stack([E1, E1, E3]))
    settings = NonLandmarkSettings(gallery_nearest=2, query_nearest=1, query_weight=0.5, candidates=4)
    (near,) = found([GALLERY[2] + 0.1 * E1], tmp_path, non_landmarks=settings)
    assert [image_id for image_id, _ in near] == ["b", "c"]
    query = l2_normalise((GALLERY[2] + 0.1 * E1)[None])[0]
    assert near[0][1] == pytest.approx(query[1] - 0.5 * query[0], abs=1e-6)
    assert near[1][1] == pytest.approx(query @ GALLERY[2] - np.sqrt(0.5) - 0.5 * query[0], abs=1e-6)


def test_whitening_maps_queries_gallery_and_non_landmarks_alike(tmp_path):
    projection = np.array([[1, 0], [0, 4], [0, 0]], np.float32)
    attach(tmp_path, "whitening", mean=np.zeros(3), projection=projection)
    attach(tmp_path, "non-landmarks", embeddings=E2[None])
    whitening, query = WhiteningSettings(), E1 + 0.5 * E2
    (near,) = found([query], tmp_path, whitening=whitening)
    assert near[0] == ("c", pytest.approx(9 / np.sqrt(5 * 17)))
    penalty = NonLandmarkSettings(query_weight=0, gallery_nearest=1, candidates=4)
    (near,) = found([query], tmp_path, whitening=whitening, non_landmarks=penalty)
    assert near[0] == ("a", pytest.approx(1 / np.sqrt(5)))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"vectors": GALLERY}, "embeddings is not a file in the archive"),
        ({"embeddings": GALLERY[:, :2]}, "embeddings of shape (4, 2) do not fit embeddings of 3 values"),
        ({"embeddings": GALLERY[:0]}, "embeddings of shape (0, 3)"),
    ],
)
def test_an_npz_that_does_not_fit_is_named(tmp_path, arrays, words):
    attach(tmp_path, "non-landmarks", **arrays)
    with pytest.raises(WrongReference) as raised:
        found([E1], tmp_path, non_landmarks=NonLandmarkSettings())
    assert str(tmp_path / "non-landmarks" / "non-landmarks.npz") in str(raised.value)
    assert words in str(raised.value)


def test_a_whitening_of_another_length_is_named(tmp_path):
    attach(tmp_path, "whitening", mean=np.zeros(4), projection=np.eye(4))
    with pytest.raises(WrongReference, match=r"do not fit embeddings of 3 values"):
        found([E1], tmp_path, whitening=WhiteningSettings())
