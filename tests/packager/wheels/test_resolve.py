import pytest

from kernelwright.wheels import update
from tests import notebooks, wheelhouse
from tests.packager.wheels.shop import CP312, IMAGE, refused


def test_a_conflict_with_the_image_names_both_sides_and_leaves_the_old_folder(shop):
    shop.offer("alpha", "1.0")
    shop.want("alpha")
    shop.make()
    before, locked = shop.carried, shop.locked.read_bytes()
    shop.offer("alpha", "2.0", requires=["numpy>=2.1", "beta[fast]"])
    shop.offer("beta", extras=["fast"], requires=['numpy<2; extra == "fast"'])
    shop.want("alpha>=2", "numpy==2.5")
    assert refused(shop.make) == (
        "wheels/requirements.in requires numpy==2.5; the image mine holds numpy 2.0.2\n"
        "alpha 2.0 requires numpy>=2.1; the image mine holds numpy 2.0.2\n"
        "beta 1.0 requires numpy<2; the image mine holds numpy 2.0.2"
    )
    assert (shop.carried, shop.locked.read_bytes()) == (before, locked)


def test_an_unknown_distribution_is_named(shop):
    shop.want("nothing-like-it")
    assert refused(shop.make) == (
        "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):\n"
        "  Because nothing-like-it was not found in the provided package locations and you require nothing-like-it, "
        "we can conclude that your requirements are unsatisfiable."
    )


@pytest.mark.parametrize(
    ("tags", "exist"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64", "`cp311`"),
        ("cp312-cp312-manylinux_2_39_x86_64", "`manylinux_2_39_x86_64`"),
        ("cp312-cp312-win_amd64", "`win_amd64`"),
    ],
)
def test_a_distribution_without_a_fitting_wheel_says_which_exist(shop, tags, exist):
    shop.offer("alpha", tags=tags)
    shop.want("alpha")
    said = refused(shop.make).splitlines()
    assert said[0] == "wheels/requirements.in: nothing fits mine (Python 3.12, glibc 2.35):"
    assert said[-1].startswith("  hint:")
    assert exist in said[-1]


def test_images_that_need_two_versions_of_one_distribution_are_refused(shop):
    shop.write("wheels/images/next.toml", IMAGE.replace("3.12.3", "3.13.1"))
    keys = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\n'
    notebooks.project(shop.root, keys + 'images = ["mine", "next"]\n', dataset_sources=["OWNER/my-wheels"])
    shop.offer("alpha", "1.0", CP312)
    shop.offer("alpha", "1.1", CP312.replace("312", "313"))
    shop.want("alpha")
    assert refused(shop.make) == (
        "wheels/requirements.in: two versions of one distribution: alpha 1.0 for mine, 1.1 for next; "
        "pin one version that serves both images"
    )


def test_a_higher_version_of_an_index_goes_before_a_folders_and_is_told(shop):
    shop.offer("pebble", "1.0")
    index = shop.root.parent / "index"
    (index / "pebble").mkdir(parents=True)
    wheel = wheelhouse.wheel(index / "pebble", "pebble", "2.0")
    (index / "pebble/index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    options = f"--index-url {index.as_uri()}\n--find-links ../../links\n"
    for requirement, taken, notes in (
        (
            "pebble",
            "2.0",
            ["pebble 2.0 comes from an index, as a --find-links folder holds 1.0 alone; pin pebble==1.0 to have that"],
        ),
        ("pebble==1.0", "1.0", []),
    ):
        lines = []
        shop.write("wheels/requirements.in", f"{options}{requirement}\n")
        shop.make(progress=update.Progress(tell=lines.append), upgrade=True)
        assert lines[1:] == notes
        assert f"pebble-{taken}-py3-none-any.whl" in shop.carried
