import csv
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.errors import InvalidInput
from kernelwright.rehearsal.sample import Kept, sample


@pytest.fixture
def real(tmp_path):
    """A competition's folder with images, as it is downloaded."""
    root = tmp_path / "real" / "toy-competition"
    train = [(f"a{number:02}", "red" if number % 3 else "blue") for number in range(30)]
    test = [f"b{number:02}" for number in range(10)]
    for split, ids in (("train", [one for one, _ in train]), ("test", test)):
        for one in ids:
            folder = root / split / one[0] / one[1]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{one}.jpg").write_text(one)
    (root / "train.csv").write_text("id,label\n" + "".join(f"{one},{label}\n" for one, label in train))
    (root / "sample_submission.csv").write_text("id,label\n" + "".join(f"{one},red\n" for one in test))
    (root / "truth.csv").write_text("id,label\n" + "".join(f'{one},"red, or so"\n' for one in test))
    (root / "colours.csv").write_text("label,hex\nred,f00\n")
    (root / "readme.txt").write_text("read me")
    return root


def rows(file):
    with file.open(newline="") as text:
        return [*csv.reader(text)][1:]


def images(folder):
    return {path.stem for path in folder.rglob("*.jpg")}


def test_tables_that_share_ids_keep_the_same_and_images_follow(kernel, real, tmp_path):
    out = tmp_path / "out"
    kept = sample(kernel(), real, out, 6)
    made = out / "toy-competition"
    assert Counter(label for _, label in rows(made / "train.csv")) == {"red": 4, "blue": 2}
    assert images(made / "train") == {one for one, _ in rows(made / "train.csv")}
    test = [one for one, _ in rows(made / "sample_submission.csv")]
    assert [one for one, _ in rows(made / "truth.csv")] == test
    assert images(made / "test") == set(test)
    assert len(test) == 6
    assert Kept(name="train.csv", rows=6, of=30, label="label") in kept
    assert (made / "colours.csv").read_text() == (real / "colours.csv").read_text()
    assert (made / "readme.txt").read_text() == "read me"


def test_the_choice_depends_on_the_data_alone(kernel, real, tmp_path):
    project = kernel()
    for name in ("one", "two"):
        sample(project, real.parent, tmp_path / name, 7)
    one, two = ((tmp_path / name / "toy-competition" / "train.csv").read_bytes() for name in ("one", "two"))
    assert one == two


def test_what_is_kept_of_a_table_is_kept_byte_for_byte(kernel, real, tmp_path):
    long = "x" * 200_000
    text = f'id,label,note\r\n"b00",red,"Forêt, \n\nof {long}"\r\nb01,red,\r\n\r\nb02,blue,Étang'
    (real / "notes.csv").write_bytes(text.encode("latin-1"))
    (real / "bom.csv").write_bytes(b"\xef\xbb\xbfid,x\nb00,1\nb01,2\n")
    sample(kernel(), real, tmp_path / "out", 1000)
    made = tmp_path / "out" / "toy-competition"
    assert (made / "notes.csv").read_bytes() == text.replace("\r\n\r\n", "\r\n").encode("latin-1")
    assert (made / "bom.csv").read_bytes() == (real / "bom.csv").read_bytes()


def test_the_proportions_are_those_of_the_column_that_the_sample_asks_for(kernel, real, tmp_path):
    with (real / "train.csv").open(newline="") as file:
        rows = [(name, label) for name, label in list(csv.reader(file))[1:]]
    text = "".join(f"{name},{number // 15},{label}\n" for number, (name, label) in enumerate(rows))
    (real / "train.csv").write_text(f"id,place,label\n{text}")
    project = kernel()
    kept = {table.name: table for table in sample(project, real, tmp_path / "out", 6)}
    assert (kept["train.csv"].rows, kept["train.csv"].label) == (6, "label")
    with pytest.raises(InvalidInput, match=r"no table has the column 'colour' that --label names$"):
        sample(project, real, tmp_path / "other", 6, "colour")


def test_links_among_the_files_lead_somewhere_in_the_sample_too(kernel, real, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    for path in [*(real / "test").rglob("*.jpg")]:
        path.rename(store / path.name)
        path.symlink_to(store / path.name)
    sample(kernel(), real, tmp_path / "out", 4)
    found = [*(tmp_path / "out" / "toy-competition" / "test").rglob("*.jpg")]
    assert len(found) == 4
    assert all(path.read_text() == path.stem and not path.is_symlink() for path in found)


def test_an_input_folder_brings_its_other_sources_whole(kernel, real, tmp_path):
    data = real.parent / "toy-data"
    data.mkdir()
    (data / "weights.txt").write_text("weights")
    sample(kernel(), real.parent, tmp_path / "out", 3)
    assert (tmp_path / "out" / "toy-data" / "weights.txt").read_text() == "weights"


def test_more_rows_than_there_are_keep_all(kernel, real, tmp_path):
    sample(kernel(), real, tmp_path / "out", 1000)
    assert (tmp_path / "out/toy-competition/train.csv").read_bytes() == (real / "train.csv").read_bytes()


def test_a_folder_that_is_there_or_no_competition_is_refused(kernel, real, tmp_path):
    project = kernel()
    with pytest.raises(InvalidInput, match="is there already; remove it, or name another folder with --out"):
        sample(project, real, real.parent, 3)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match=r"neither a folder that holds toy-competition nor .* it holds nothing$"):
        sample(project, tmp_path / "empty", tmp_path / "out", 3)


@given(sizes=st.lists(st.integers(1, 30), min_size=2, max_size=6), count=st.integers(1, 40))
def test_each_label_gets_its_share_give_or_take_one(sizes, count):
    from pathlib import Path

    from kernelwright.rehearsal.sample import Table, _choose

    labelled = [(f"{label}-{number}", str(label)) for label, size in enumerate(sizes) for number in range(size)]
    table = Table(path=Path(), header=["id", "label"], rows=labelled, key=0)
    chosen = _choose([table], (table, 1), count)
    assert len(chosen) == min(count, len(labelled))
    for label, size in enumerate(sizes):
        share = size * len(chosen) / len(labelled)
        assert abs(sum(one.startswith(f"{label}-") for one in chosen) - share) <= 1


def test_the_mini_dataset_is_sampled_as_real_data_is(tmp_path):
    from pathlib import Path

    from kernelwright.project.model import load_project

    root = Path(__file__).parents[3]
    mini = root / "build" / "mini"
    if not mini.is_dir():
        pytest.skip("make mini first")
    sample(load_project(root), mini, tmp_path / "out", 12)
    made = tmp_path / "out" / "landmark-recognition-2021"
    assert len({label for _, label in rows(made / "train.csv")}) == 12
    assert len(images(made / "train")) == len(images(made / "test")) == 12
    assert [one for one, _ in rows(made / "truth.csv")] == [one for one, _ in rows(made / "sample_submission.csv")]
