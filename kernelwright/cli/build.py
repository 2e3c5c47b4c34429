"""``kernelwright build``."""

from kernelwright.cli.options import HERE, Folder, Kernel


def build(project: Folder = HERE, kernel: Kernel = "") -> None:
    """Build the notebook that `kaggle kernels push` sends."""
    from kernelwright import building
    from kernelwright.project import load_project

    loaded = load_project(project, kernel)
    notebook = building.build(loaded)
    print(f"{notebook.relative_to(loaded.root)}: {notebook.stat().st_size:,} bytes")
