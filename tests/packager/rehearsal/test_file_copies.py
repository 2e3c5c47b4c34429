import os

import pytest

from kernelwright.errors import InvalidInput
from kernelwright.rehearsal import file_copies


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.txt").write_text("a")
    return folder


@pytest.mark.parametrize("copy", [file_copies.hard_link, file_copies.private_copy])
def test_links_are_followed_so_that_none_dangles(source, tmp_path, copy):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("b")
    (source / "link.txt").symlink_to(outside / "b.txt")
    (source / "linked").symlink_to(outside)
    file_copies.copy_tree(source, tmp_path / "copy", copy)
    copied = [path for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert sorted((path.name, path.read_text()) for path in copied) == [
        ("a.txt", "a"),
        ("b.txt", "b"),
        ("link.txt", "b"),
    ]
    assert not any(path.is_symlink() for path in (tmp_path / "copy").rglob("*"))


def test_writing_to_a_private_copy_does_not_reach_the_original(source, tmp_path):
    file_copies.copy_tree(source, tmp_path / "copy", file_copies.private_copy)
    (tmp_path / "copy" / "below" / "a.txt").write_text("changed")
    assert (source / "below" / "a.txt").read_text() == "a"


@pytest.mark.parametrize("link", [lambda path, to: path.hardlink_to(to), lambda path, to: path.symlink_to(to)])
@pytest.mark.parametrize("copy", [file_copies.private_copy, file_copies.hard_link])
def test_a_link_that_a_run_put_where_a_copy_goes_is_replaced_and_not_written_through(tmp_path, copy, link):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "new").write_text("new")
    link(tmp_path / "place", tmp_path / "mine")
    copy(tmp_path / "new", tmp_path / "place")
    assert [(tmp_path / name).read_text() for name in ("place", "mine")] == ["new", "mine"]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (os.mkfifo, "a named pipe, socket or device, no file; remove it from the input folder"),
        (
            lambda path: path.symlink_to("nowhere"),
            "a link that leads nowhere, no file; remove it from the input folder",
        ),
        (lambda path: path.symlink_to(path.parent), "a link to a folder that it is in; remove it"),
    ],
)
def test_what_is_no_file_is_refused_before_anything_waits_for_it(source, tmp_path, make, what):
    make(source / "odd")
    with pytest.raises(InvalidInput) as caught:
        file_copies.copy_tree(source, tmp_path / "copy", file_copies.hard_link)
    assert str(caught.value) == f"{source}/odd: {what}"
