from pathlib import Path

import pytest

from kernelwright.project import metadata
from kernelwright.rehearsal import attached
from tests import notebooks


@pytest.fixture
def sources(tmp_path):
    def sources(**attaches):
        notebooks.project(tmp_path / "proj", **attaches)
        return attached.sources(metadata.read(tmp_path / "proj", "kernel-metadata.json"))

    return sources


def test_each_kind_has_its_place_in_both_layouts(sources):
    found = sources(
        competition_sources=["sea"],
        dataset_sources=["ann/shells"],
        kernel_sources=["bob/tide-helpers"],
        model_sources=["cid/gull/pyTorch/small/2"],
    )
    assert [(one.slug, one.mount_point("old"), one.mount_point("new")) for one in found] == [
        ("sea", "/kaggle/input/sea", "/kaggle/input/competitions/sea"),
        ("shells", "/kaggle/input/shells", "/kaggle/input/datasets/ann/shells"),
        ("tide-helpers", "/kaggle/input/tide-helpers", "/kaggle/input/notebooks/bob/tide-helpers"),
        ("gull", "/kaggle/input/gull/pyTorch/small/2", "/kaggle/input/models/cid/gull/pyTorch/small/2"),
    ]
    assert [found[2].script_mount_point(layout) for layout in ("old", "new")] == [
        "/kaggle/usr/lib/tide_helpers",
        "/kaggle/usr/lib/notebooks/bob/tide_helpers",
    ]


def test_sources_of_one_slug_are_told_apart_by_their_owners(sources, tmp_path):
    mine, other = sources(dataset_sources=["ann/shells", "bob/shells"])
    folder = tmp_path / "in"
    (folder / "shells").mkdir(parents=True)
    (folder / "datasets/bob/shells").mkdir(parents=True)
    assert (mine.within(folder), other.within(folder)) == (None, folder / "datasets/bob/shells")
    assert (mine.place, other.place) == ("datasets/ann/shells", "datasets/bob/shells")


def test_two_variations_of_a_model_are_two_sources(sources):
    small, large = sources(model_sources=["cid/gull/pyTorch/small/1", "cid/gull/pyTorch/large/2"])
    assert small.place != large.place
    assert Path(large.place) == Path("models/cid/gull/pyTorch/large/2")


def test_a_slug_of_its_own_may_lie_in_the_input_folder_by_any_of_its_names(sources, tmp_path):
    (gull,) = sources(model_sources=["cid/gull/pyTorch/small/2"])
    for place in ("gull", "gull/pyTorch/small/2", "models/cid/gull/pyTorch/small/2"):
        folder = tmp_path / place.replace("/", "-")
        (folder / place).mkdir(parents=True)
        assert gull.within(folder) == folder / place
