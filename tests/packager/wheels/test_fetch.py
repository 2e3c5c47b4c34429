import shutil

from kernelwright.image import kaggle_image
from kernelwright.wheels import fetch, lockfile, tools
from tests import wheelhouse
from tests.packager.wheels.shop import refused


def test_an_sdist_is_refused_unless_it_is_named(shop):
    wheelhouse.sdist(shop.links, "delta")
    shop.want("delta")
    said = refused(shop.make).splitlines()
    assert "delta==1.0 has no usable wheels" in said[1]
    assert said[-1] == "to build delta from source, add to allow_sdist in pyproject.toml"
    assert shop.carried == []


def test_a_named_sdist_is_built_and_locked_with_what_it_was_built_from(shop):
    source = wheelhouse.sdist(shop.links, "delta")
    built = shop.links / "made/delta-1.0-py3-none-any.whl"
    shop.configure('allow_sdist = ["Delta"]\n')
    shop.want("delta")
    assert shop.make().wheels == (built.name,)
    (found,) = lockfile.read(shop.locked).distributions
    assert found.wheels == {built.name: wheelhouse.digest(built)}
    assert found.sdist == {source.name: wheelhouse.digest(source)}


def test_an_sdist_whose_wheel_does_not_fit_the_image_is_refused(shop):
    wheelhouse.sdist(shop.links, "delta", tags="cp310-cp310-linux_x86_64")
    shop.configure('allow_sdist = ["delta"]\n')
    shop.want("delta")
    assert refused(shop.make).partition(";")[0] == (
        "delta-1.0.tar.gz: built here it is delta-1.0-cp310-cp310-linux_x86_64.whl, "
        "but mine takes Python 3.12 and glibc 2.35"
    )


def test_a_wheel_built_here_against_a_newer_glibc_is_refused(monkeypatch):
    monkeypatch.setattr(fetch.platform, "libc_ver", lambda: ("glibc", "2.39"))
    file, target = "delta-1.0-cp312-cp312-linux_x86_64.whl", kaggle_image.load("2026-08")
    assert refused(lambda: fetch._check_fits(file, "delta-1.0.tar.gz", target)) == (
        f"delta-1.0.tar.gz: {file} was built against glibc 2.39, but 2026-08 takes Python 3.12 and glibc 2.35"
    )
    fetch._check_fits(file.replace("linux", "manylinux_2_17"), "delta-1.0.tar.gz", target)
    monkeypatch.setattr(fetch.platform, "libc_ver", lambda: ("glibc", "2.35"))
    fetch._check_fits(file, "delta-1.0.tar.gz", target)


def test_an_sdist_that_does_not_build_says_why(shop):
    wheelhouse.sdist(shop.links, "delta", fails=True)
    shop.configure('allow_sdist = ["delta"]\n')
    shop.want("delta")
    said = refused(shop.make)
    assert said.startswith("delta-1.0.tar.gz: does not build:\n")
    assert "the compiler is missing" in said


def test_a_locked_wheel_that_was_exchanged_where_it_comes_from_is_refused(shop):
    shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    shutil.rmtree(shop.root / "build")
    shop.offer("alpha", files={"alpha.py": "import antigravity\n"})
    assert refused(shop.make) == (
        "alpha 1.0: what is offered as alpha-1.0-py3-none-any.whl is not what the lock names: its sha256 differs"
    )


def test_a_locked_wheel_that_is_gone_is_named(shop):
    alpha = shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    shutil.rmtree(shop.root / "build")
    alpha.unlink()
    assert refused(shop.make) == (
        f"alpha 1.0: {alpha.name} is no longer offered; resolve again with `kernelwright wheels --upgrade`"
    )


def test_a_locked_wheel_that_cannot_be_reached_is_not_said_to_be_gone(shop, tmp_path, monkeypatch):
    shop.offer("alpha")
    shop.want("alpha")
    shop.make()
    (alpha,) = lockfile.read(shop.locked).distributions
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}.items():
        monkeypatch.setenv(name, value)
    assert refused(
        lambda: fetch.fetch(alpha, kaggle_image.load("2026-08"), "3.12", fetch.WheelCache(folder=tmp_path))
    ) == (
        "alpha 1.0: alpha-1.0-py3-none-any.whl cannot be fetched: no connection to the package index; "
        "run it again with a network"
    )


def test_an_interrupted_fetch_goes_on_where_it_stopped(shop, monkeypatch):
    shop.offer("alpha")
    beta = shop.offer("beta")
    shop.want("alpha", "beta")
    shop.make()
    shutil.rmtree(shop.root / "build")
    beta.rename(shop.root / beta.name)
    refused(shop.make)
    (shop.root / beta.name).rename(beta)
    fetched = []
    pip = tools.pip
    monkeypatch.setattr(tools, "pip", lambda *arguments: (fetched.append(arguments), pip(*arguments))[1])
    assert shop.make().wheels == ("alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl")
    assert len(fetched) == 1
