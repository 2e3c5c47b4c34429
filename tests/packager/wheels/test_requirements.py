import shutil

import pytest
from packaging.requirements import InvalidRequirement

from kernelwright.errors import InvalidProject
from kernelwright.wheels import requirements
from tests.packager.wheels.shop import refused


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("alpha &&", "is not a requirement; write a name and versions, as in: efficientnet>=1.1"),
        ("-r others.in", "is not a requirement; write a name and versions, as in: efficientnet>=1.1"),
        (
            "alpha @ file:///alpha.whl",
            "names an address, which a lock does not hold; "
            "put the wheel into a folder and name that: --find-links FOLDER",
        ),
    ],
)
def test_a_line_that_cannot_be_locked_is_told_with_its_place(shop, line, problem):
    shop.write("wheels/requirements.in", f"beta # a comment\n\n{line}\n")
    assert refused(shop.make, InvalidProject) == f"wheels/requirements.in:3: {line!r} {problem}"


@pytest.mark.parametrize("text", ["alpha &&", "alpha; os_name == 'a\nb'", "alpha; '''", f"alpha; {'(' * 5_000}"])
def test_what_the_library_falls_over_is_no_requirement_either(text):
    with pytest.raises(InvalidRequirement):
        requirements.parse(text)


def test_a_folder_to_look_in_that_is_not_there_is_told_with_its_place(shop):
    shop.want("alpha")
    shutil.rmtree(shop.links)
    assert refused(shop.make, InvalidProject) == (
        "wheels/requirements.in:2: '--find-links ../../links' names no folder that is there; "
        "correct it, relative to this file"
    )
