import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landmarks import retrieval
from landmarks.index.search import Part, nearest
from landmarks.index.shards import RowSelection
from landmarks.settings import RetrievalSettings

coarse = st.integers(-3, 3).map(float)  # small whole numbers, so that ties and zeros are common


@given(
    gallery=arrays(np.float16, st.tuples(st.integers(0, 14), st.just(3)), elements=coarse),
    queries=arrays(np.float32, (3, 3), elements=coarse),
    part_of_row=st.lists(st.integers(0, 2), min_size=14, max_size=14),
    cuts=st.lists(st.integers(0, 14), max_size=3),
    neighbours=st.integers(1, 6),
    tile=st.integers(1, 5),
)
def test_neighbours_in_parts_of_shards_are_those_in_the_joined_matrix(
    gallery, queries, part_of_row, cuts, neighbours, tile
):
    settings = RetrievalSettings(neighbours=neighbours, batch=2, tile=tile)
    ids = [f"{row:02}" for row in range(len(gallery))]
    parts = []
    for number in range(3):
        rows = np.array([row for row in range(len(gallery)) if part_of_row[row] == number], np.int64)
        shards = np.split(gallery, sorted(cuts))
        parts.append(Part(ids=[ids[row] for row in rows], vectors=RowSelection(shards, rows, 3)))
    expected = [
        [(ids[row], cosine) for row, cosine in zip(result.indices.tolist(), result.cosines.tolist(), strict=True)]
        for result in retrieval.nearest(queries, gallery, settings)
    ]
    assert list(nearest(queries, parts, settings)) == expected


def test_half_the_precision_moves_a_cosine_by_less_than_one_in_ten_thousand():
    rng = np.random.default_rng(0)
    queries, gallery = (retrieval.l2_normalise(rng.normal(size=(rows, 512)).astype(np.float32)) for rows in (100, 2000))
    near = gallery[:100] + 0.3 * queries
    both = retrieval.l2_normalise(np.concatenate([gallery, near]))
    halved = retrieval.l2_normalise(both.astype(np.float16))
    largest = np.abs(queries @ both.T - queries @ halved.T).max()
    assert 1e-6 < largest < 1e-4
