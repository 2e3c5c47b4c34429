"""Check that the configuration, the metadata and the files of a project are consistent."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import Problem
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.metadata import KernelMetadata
from kernelwright.project.refs import SourceRef


def problems(root: Path, configuration: KernelConfiguration, metadata: KernelMetadata | None) -> list[Problem]:
    """Return a problem for each unusable path, and for each key that needs another key or an attached dataset."""
    output = (root / configuration.metadata).parent / metadata.code_file if metadata else None
    return [*_paths(root, configuration, output), *_datasets(configuration, metadata)]


def _paths(root: Path, configuration: KernelConfiguration, output: Path | None) -> Iterator[Problem]:
    places = {"driver": configuration.driver}
    places |= {f"sources[{index}]": source for index, source in enumerate(configuration.sources)}
    places |= {"metadata": configuration.metadata} | ({"wheels": configuration.wheels} if configuration.wheels else {})
    for key, value in places.items():
        path = (root / value).resolve()
        if not path.is_relative_to(root):
            yield _key(key, "KW006", f"{value!r} is outside the project", f"move or copy it into {root.name}/")
        elif path == root:
            yield _key(key, "KW006", f"{value!r} is the project itself", "name files or folders in it")
        elif output and output.resolve().is_relative_to(path):  # a build would carry its own result
            message = f"{value!r} holds the notebook that is built, {output.name}"
            yield _key(key, "KW006", message, "let code_file lead elsewhere")
    if output and not output.resolve().is_relative_to(root):  # by a symbolic link or `..`
        message, fix = f"{output.name!r} would be written outside the project", f"name a file in {root.name}/"
        yield Problem(code="KW006", file=configuration.metadata, place="code_file", message=message, fix=fix)


def _datasets(configuration: KernelConfiguration, metadata: KernelMetadata | None) -> Iterator[Problem]:
    """Yield a problem for each of the project's own datasets that is wrongly configured or not attached."""
    wheels = configuration.wheels_dataset if configuration.wheels else ""
    sources = sources_dataset(configuration)
    if configuration.wheels and not wheels:
        fix = "name the slug of the dataset that carries them"
        yield _key("wheels_dataset", "KW007", "required beside wheels", fix)
    if configuration.carrier == "dataset" and not sources:
        yield _key("sources_dataset", "KW007", 'required beside carrier = "dataset"', "name the slug of the dataset")
    if sources and sources == wheels:
        yield _key("sources_dataset", "KW007", f"{sources!r} carries the wheels", "name another slug")
    if metadata:
        attached = {SourceRef.parse(source).name for source in metadata.dataset_sources}
        for what, slug in (("wheels", wheels), ("sources", sources)):
            if slug and (name := f"{metadata.owner}/{slug}") not in attached:
                message, fix = f"{name!r} is missing, which carries the {what}", f'add "{name}"'
                file = configuration.metadata
                yield Problem(code="KW012", file=file, place="dataset_sources", message=message, fix=fix)


def _key(name: str, code: str, message: str, fix: str) -> Problem:
    return Problem(code=code, file="pyproject.toml", place=f"tool.kernelwright.{name}", message=message, fix=fix)


def sources_dataset(configuration: KernelConfiguration) -> str:
    """Return the slug of the dataset of the sources; empty with ``carrier = "cells"``."""
    return configuration.sources_dataset if configuration.carrier == "dataset" else ""
