import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landmarks import retrieval
from landmarks.retrieval import l2_normalise, nearest
from landmarks.settings import RetrievalSettings
from tests.kernel.reference import search

coarse = st.integers(-3, 3).map(float)  # small whole numbers, so that ties and zeros are common


def embeddings(rows):
    return st.integers(2, 5).flatmap(
        lambda size: st.tuples(
            arrays(np.float32, st.tuples(st.integers(1, rows), st.just(size)), elements=coarse),
            arrays(np.float32, st.tuples(st.integers(0, rows), st.just(size)), elements=coarse),
        )
    )


def found(queries, gallery, k, batch=16, tile=5):
    return list(nearest(queries, gallery, RetrievalSettings(neighbours=k, batch=batch, tile=tile)))


@given(pair=embeddings(9), k=st.integers(1, 12), batch=st.integers(1, 4), tile=st.integers(1, 12))
def test_cosines_are_those_of_the_reference_best_first(pair, k, batch, tile):
    queries, gallery = pair
    for query, result in zip(queries, found(queries, gallery, k, batch, tile), strict=True):
        expected = search.neighbours(query, gallery, k)
        np.testing.assert_allclose(result.cosines, [cosine for _, cosine in expected], atol=1e-6)
        own = [search.cosine(query, gallery[row]) for row in result.indices]
        np.testing.assert_allclose(result.cosines, own, atol=1e-6)
        assert len(set(result.indices.tolist())) == min(k, len(gallery))


@given(pair=embeddings(9), k=st.integers(1, 12), copies=st.integers(2, 3))
def test_copies_of_an_image_are_ranked_by_place(pair, k, copies):
    queries, gallery = pair
    for result in found(queries, np.concatenate([gallery] * copies), k):
        for cosine in set(result.cosines.tolist()):
            same = result.indices[result.cosines == cosine]
            kinds = same % max(1, len(gallery))
            for kind in set(kinds.tolist()):
                places = same[kinds == kind]
                assert places.tolist() == [kind + number * len(gallery) for number in range(len(places))]


def test_thousands_of_equal_embeddings_are_ranked_by_place():
    row = np.random.default_rng(0).normal(size=(1, 512)).astype(np.float32)
    (result,) = found(row, np.repeat(row, 5001, axis=0), 4)
    assert result.indices.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(result.cosines, 1, atol=1e-6)


@pytest.mark.parametrize(("batch", "tile"), [(1, 301), (64, 7), (5, 40)])
def test_neighbours_do_not_depend_on_the_tiles(batch, tile):
    rng = np.random.default_rng(1)
    queries, gallery = (rng.normal(size=(rows, 64)).astype(np.float32) for rows in (33, 301))
    in_tiles, all_at_once = found(queries, gallery, 5, batch, tile), found(queries, gallery, 5, 64, 301)
    for left, right in zip(in_tiles, all_at_once, strict=True):
        assert left.indices.tolist() == right.indices.tolist()
        assert left.cosines.tolist() == right.cosines.tolist()


@given(pair=embeddings(12), k=st.integers(1, 3))
def test_candidates_that_are_removed_early_could_not_win(pair, k):
    queries, gallery = pair
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "KEPT_PER_PLACE", 0)
        few = found(queries, gallery, k, tile=3)
    for left, right in zip(few, found(queries, gallery, k, tile=12), strict=True):
        assert left.indices.tolist() == right.indices.tolist()
        assert left.cosines.tolist() == right.cosines.tolist()


def test_a_gallery_may_be_a_file_of_half_the_precision(tmp_path):
    rng = np.random.default_rng(2)
    queries, gallery = rng.normal(size=(3, 64)).astype(np.float32), rng.normal(size=(50, 64)).astype(np.float16)
    np.save(tmp_path / "gallery.npy", gallery)
    mapped = np.load(tmp_path / "gallery.npy", mmap_mode="r")
    for left, right in zip(found(queries, mapped, 4), found(queries, gallery.astype(np.float32), 4), strict=True):
        assert left.indices.tolist() == right.indices.tolist()
        assert left.cosines.tolist() == right.cosines.tolist()


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_an_embedding_without_a_direction_has_cosine_zero_with_all(value):
    queries = np.array([[value, value]], np.float32)
    (result,) = found(queries, np.array([[1, 0], [value, 0], [-1, 0]], np.float32), 3)
    assert result.indices.tolist() == [0, 1, 2]
    assert result.cosines.tolist() == [0, 0, 0]


def test_an_opposite_image_ranks_behind_one_without_a_direction():
    (result,) = found(np.array([[1, 0]], np.float32), np.array([[-2, 0], [0, 0], [3, 0]], np.float32), 3)
    assert result.indices.tolist() == [2, 1, 0]
    assert result.cosines.tolist() == [1, 0, -1]


@pytest.mark.parametrize(("rows", "k"), [(0, 3), (2, 0)])
def test_an_empty_gallery_or_no_places_give_no_neighbours(rows, k):
    (result,) = found(np.ones((1, 2), np.float32), np.ones((rows, 2), np.float32), k)
    assert (result.indices.tolist(), result.cosines.tolist()) == ([], [])


def test_embeddings_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match=r"^queries of shape \(1, 2\) cannot be compared with a gallery of \(1, 3\)$"):
        found(np.ones((1, 2), np.float32), np.ones((1, 3), np.float32), 1)


def test_huge_and_tiny_embeddings_get_norm_one():
    np.testing.assert_allclose(
        l2_normalise(np.array([[3e30, 4e30], [3e-30, 4e-30]], np.float32)), [[0.6, 0.8]] * 2, rtol=1e-6
    )
