import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.errors import WheelsUnavailable
from kernelwright.wheels import wheel_file
from tests import wheelhouse
from tests.packager.wheels.shop import refused

pytestmark = pytest.mark.smoke


def test_a_wheel_tells_what_it_is_needs_and_brings(tmp_path):
    files = {
        "stone/__init__.py": "",
        "stone/grain.py": "",
        "_stone.cpython-312-x86_64-linux-gnu.so": "",
        "notes/x.py": "",
    }
    path = wheelhouse.wheel(tmp_path, "Big.Pebble", "1.5", requires=['numpy>=2; extra == "fast"'], files=files)
    found = wheel_file.read(path)
    assert (found.name, found.version, found.licence) == ("big-pebble", "1.5", "MIT")
    assert [str(one) for one in found.requires] == ['numpy>=2; extra == "fast"']
    assert found.modules == ("_stone", "stone")
    assert found.licences == (("LICENSE.txt", "The licence of Big.Pebble.\n"),)


def test_a_renamed_wheel_is_named_with_what_it_is(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble").rename(tmp_path / "stone-1.0-py3-none-any.whl")
    message = refused(lambda: wheel_file.read(path))
    assert message.startswith("stone-1.0-py3-none-any.whl: corrupt or edited: ")
    assert "Wheel .dist-info directory doesn't match wheel filename" in message


def test_a_copys_name_is_no_wheels_name(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble").rename(tmp_path / "pebble-1.0-py3-none-any (1).whl")
    assert refused(lambda: wheel_file.read(path)) == (
        "pebble-1.0-py3-none-any (1).whl: not the name of a wheel; give it back its own"
    )


def test_a_corrupt_wheel_is_named(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble")
    path.write_bytes(path.read_bytes()[:200])
    assert refused(lambda: wheel_file.read(path)) == (
        "pebble-1.0-py3-none-any.whl: corrupt or edited: File is not a zip file; fetch it again"
    )


def test_an_edited_wheel_is_named_with_the_file(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble")
    _edit(path, "pebble.py", "VERSION = 'mine'\n")
    assert refused(lambda: wheel_file.read(path)) == (
        "pebble-1.0-py3-none-any.whl: corrupt or edited: hash / size of pebble.py didn't match RECORD; fetch it again"
    )


def test_a_file_put_into_a_wheel_is_named(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.py", "")
    assert refused(lambda: wheel_file.read(path)) == (
        "pebble-1.0-py3-none-any.whl: corrupt or edited: more.py is not mentioned in RECORD; fetch it again"
    )


def _edit(path, name, text):
    with zipfile.ZipFile(path) as archive:
        held = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, data in {**held, name: text.encode()}.items():
            archive.writestr(one, data)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "Failed to read from zip file"),
        (
            lambda path: path.rename(path.with_name("beta-1.0-py3-none-any.whl")),
            "The .dist-info directory `alpha-1.0` does not start with the normalized package name: beta",
        ),
    ],
)
def test_an_offered_wheel_that_is_corrupt_or_renamed_is_told(shop, spoil, said):
    spoil(shop.offer("alpha"))
    shop.want("beta" if "beta" in said else "alpha")
    told = refused(shop.make).splitlines()
    assert told[0] == "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):"
    assert told[-1] == f"  {said}"


def test_an_offered_wheel_that_was_edited_is_told(shop):
    with zipfile.ZipFile(shop.offer("alpha"), "a") as archive:
        archive.writestr("more.py", "")
    shop.want("alpha")
    assert refused(shop.make) == (
        "alpha-1.0-py3-none-any.whl: corrupt or edited: more.py is not mentioned in RECORD; fetch it again"
    )


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_damaged_wheel_is_read_or_refused_in_one_line(tmp_path_factory, at, bit):
    path = wheelhouse.wheel(tmp_path_factory.mktemp("damaged"), "pebble")
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    path.write_bytes(data)
    try:
        message = wheel_file.read(path).name
    except WheelsUnavailable as error:
        message = str(error)
    assert message.startswith("pebble")
    assert "\n" not in message


def test_a_wheel_that_would_unpack_to_more_than_any_is_refused_before_it_is(tmp_path):
    path = wheelhouse.wheel(tmp_path, "pebble")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24  # the size of the first file, unpacked, in the list of contents
    data[at : at + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheel_file, "_LARGEST_BYTES", 2**31)
        assert "bytes unpacked, and at most 2,147,483,648 are read; fetch it again" in refused(
            lambda: wheel_file.read(path)
        )


def test_a_version_of_5000_digits_is_not_the_name_of_a_wheel(tmp_path):
    said = refused(lambda: wheel_file.read(tmp_path / f"pebble-1.0.dev{'1' * 5_000}-py3-none-any.whl"))
    assert said.endswith("not the name of a wheel; give it back its own")
