import numpy as np
import pytest

from landmarks.index import shards


def test_a_shard_is_kept_as_float16_of_norm_one(tmp_path):
    written = shards.write(tmp_path, 0, {"0a": "7", "0b": "8"}, np.array([[3e6, 4e6], [0, 0]], np.float32))
    assert shards.matrix(tmp_path / "00000.npy", 2).tolist() == [[0.60009765625, 0.7998046875], [0, 0]]
    assert (tmp_path / "00000.csv").read_text() == "id,landmark_id\n0a,7\n0b,8\n"
    assert shards.read_finished(tmp_path, 0, 2) == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.csv", "00000.npy"]


@pytest.mark.parametrize("name", ["00000.npy", "00000.csv"])
def test_a_shard_that_is_cut_off_is_not_finished_and_named_as_damaged(tmp_path, name):
    written = shards.write(tmp_path, 0, {"0a": "7", "0b": "8"}, np.eye(2, dtype=np.float32))
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-5])
    assert shards.read_finished(tmp_path, 0, 2) is None
    assert [*shards.find_damage(tmp_path, 0, written)] == [f"{name}: its SHA-256 digest differs from the manifest"]
    (tmp_path / name).unlink()
    assert [*shards.find_damage(tmp_path, 0, written)] == [f"{name}: No such file or directory"]


def test_pickled_objects_are_not_read(tmp_path):
    np.save(tmp_path / "00000.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        shards.matrix(tmp_path / "00000.npy", 1)
