"""What the configuration, the metadata and the files of a project say of one another."""

from collections.abc import Iterator
from pathlib import Path

from kernelwright.errors import Problem
from kernelwright.project.config import KernelConfiguration
from kernelwright.project.metadata import KernelMetadata
from kernelwright.project.refs import SourceRef

_FILE = "pyproject.toml"
_TABLE = "tool.kernelwright"


def problems(root: Path, configuration: KernelConfiguration, metadata: KernelMetadata | None) -> list[Problem]:
    """Return the paths that cannot be used, and the keys that need another one."""
    output = (root / configuration.metadata).parent / metadata.code_file if metadata else None
    return [
        *_paths(root, configuration, output),
        *_missing_keys(configuration),
        *(_unattached(configuration, metadata) if metadata else ()),
    ]


def sources_dataset(configuration: KernelConfiguration) -> str:
    """Return the slug of the dataset that carries the sources, empty where cells do."""
    return configuration.sources_dataset if configuration.carrier == "dataset" else ""


def _paths(root: Path, configuration: KernelConfiguration, output: Path | None) -> Iterator[Problem]:
    named = {"driver": configuration.driver}
    named |= {f"sources[{index}]": source for index, source in enumerate(configuration.sources)}
    named |= {"metadata": configuration.metadata} | ({"wheels": configuration.wheels} if configuration.wheels else {})
    for key, value in named.items():
        if unusable := _unusable(root, (root / value).resolve(), output):
            message, fix = unusable
            yield Problem(code="KW006", file=_FILE, place=f"{_TABLE}.{key}", message=f"{value!r} {message}", fix=fix)
    if output and not output.resolve().is_relative_to(root):  # a link, or `..`
        message, fix = f"{output.name!r} would be written outside the project", f"name a file in {root.name}/"
        yield Problem(code="KW006", file=configuration.metadata, place="code_file", message=message, fix=fix)


def _unusable(root: Path, path: Path, output: Path | None) -> tuple[str, str] | None:
    if not path.is_relative_to(root):
        return "is outside the project", f"move or copy it into {root.name}/"
    if path == root:
        return "is the project itself", "name files or folders in it"
    if output and output.resolve().is_relative_to(path):
        return f"holds the notebook that is built, {output.name}", "let code_file lead elsewhere"
    return None


def _missing_keys(configuration: KernelConfiguration) -> Iterator[Problem]:
    needed = []
    if configuration.wheels and not configuration.wheels_dataset:
        needed.append(("wheels_dataset", "required beside wheels", "name the slug of the dataset that carries them"))
    carried = sources_dataset(configuration)
    if configuration.carrier == "dataset" and not carried:
        needed.append(("sources_dataset", 'required beside carrier = "dataset"', "name the slug of the dataset"))
    if carried and configuration.wheels and carried == configuration.wheels_dataset:
        needed.append(("sources_dataset", f"{carried!r} carries the wheels", "name another slug"))
    for key, message, fix in needed:
        yield Problem(code="KW007", file=_FILE, place=f"{_TABLE}.{key}", message=message, fix=fix)


def _unattached(configuration: KernelConfiguration, metadata: KernelMetadata) -> Iterator[Problem]:
    """Yield the datasets of the project's own that the kernel does not attach."""
    attached = {SourceRef.parse(source).name for source in metadata.dataset_sources}
    slugs = {
        "wheels": configuration.wheels_dataset if configuration.wheels else "",
        "sources": sources_dataset(configuration),
    }
    for what, slug in slugs.items():
        name = f"{metadata.owner}/{slug}"
        if slug and name not in attached:
            yield Problem(
                code="KW012",
                file=configuration.metadata,
                place="dataset_sources",
                message=f"{name!r} is missing, which carries the {what}",
                fix=f'add "{name}"',
            )
