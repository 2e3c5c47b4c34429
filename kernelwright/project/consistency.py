"""What the configuration, the metadata and the files of a project say of one another."""

from pathlib import Path

from kernelwright.project.config import KernelConfiguration
from kernelwright.project.metadata import KernelMetadata


def problems(root: Path, chosen: KernelConfiguration, described: KernelMetadata | None) -> list[str]:
    """Find paths that cannot be used, and keys that need another one."""
    return [*_path_problems(root, chosen, described), *_unfinished(chosen, described)]


def sources_dataset(known: KernelConfiguration) -> str:
    """Return the slug of the dataset that carries the sources, empty where cells do."""
    return known.sources_dataset if known.carrier == "dataset" else ""


def _path_problems(root: Path, chosen: KernelConfiguration, described: KernelMetadata | None) -> list[str]:
    named = [("driver", chosen.driver)]
    named += [(f"sources[{index}]", source) for index, source in enumerate(chosen.sources)]
    output = (root / chosen.metadata).parent / described.code_file if described else None
    troubles = ((key, value, _path_trouble(root, root / value, output)) for key, value in named)
    return [
        f"pyproject.toml: tool.kernelwright.{key}: {value!r} {trouble}" for key, value, trouble in troubles if trouble
    ]


def _path_trouble(root: Path, path: Path, output: Path | None) -> str:
    path = path.resolve()
    if not path.is_relative_to(root):
        return f"is outside the project; move or copy it into {root.name}/"
    if path == root:
        return "is the project itself; name files or folders in it"
    if output and output.resolve().is_relative_to(path):
        return f"holds the notebook that is built, {output.name}; let code_file lead elsewhere"
    return ""


def _unfinished(chosen: KernelConfiguration, described: KernelMetadata | None) -> list[str]:
    """Find keys that need another one."""
    where, found = "pyproject.toml: tool.kernelwright", []
    if chosen.wheels and not chosen.wheels_dataset:
        found.append(f"{where}.wheels_dataset: required beside wheels")
    if chosen.carrier == "dataset" and not chosen.sources_dataset:
        found.append(f'{where}.sources_dataset: required beside carrier = "dataset"; name the slug of the dataset')
    carried = {"wheels": chosen.wheels and chosen.wheels_dataset, "sources": sources_dataset(chosen)}
    if carried["sources"] and carried["sources"] == carried["wheels"]:
        found.append(f"{where}.sources_dataset: {carried['sources']!r} carries the wheels; name another slug")
    for what, slug in carried.items():
        name = f"{described.id.partition('/')[0]}/{slug}" if described else ""
        attached = {"/".join(source.split("/")[:2]) for source in described.dataset_sources} if described else {name}
        if slug and name not in attached:
            found.append(f"{chosen.metadata}: dataset_sources: {name!r} is missing, which carries the {what}; add it")
    return found
