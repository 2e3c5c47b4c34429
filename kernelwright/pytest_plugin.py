"""For a kernel's own tests: the fixture ``rehearsal`` runs the built notebook on an input folder.

::

    def test_the_kernel_beats_the_sample(rehearsal):
        run = rehearsal("tests/input").runs[0]
        assert run.verdict == "Complete", run.detail
        assert run.scores["GAP"] > 0.5

It is there wherever kernelwright is installed; pytest imports this file alone until a test asks for it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kernelwright.rehearsal.report import Report, Run
    from kernelwright.rehearsal.resource_limits import Limits
    from kernelwright.rehearsal.run_directory import Layout, PhaseName


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A rehearsal that ended: its report, and the folders of its runs."""

    report: "Report"
    folder: Path

    @property
    def runs(self) -> "Sequence[Run]":
        """The runs, judged."""
        return self.report.runs

    def working(self, run: "Run") -> Path:
        """Return the working folder of a run, where its submission and other output are."""
        return self.folder / f"{run.phase}-{run.mounts}" / "working"


@dataclass(frozen=True, kw_only=True)
class Rehearse:
    """The fixture: call it with an input folder.

    Attributes
    ----------
    project : Path
        The folder of pyproject.toml; pytest's root folder.
    folder : Path
        Where reports and runs go.
    """

    project: Path
    folder: Path

    def __call__(
        self,
        source: str | Path,
        *,
        kernel: str = "",
        phases: "Sequence[PhaseName]" = ("rerun",),
        layouts: "Sequence[Layout]" = ("new",),
        limits: "Limits | None" = None,
    ) -> Rehearsed:
        """Build the notebook and run it; a relative ``source`` is below the project."""
        from kernelwright.project.model import load_project  # noqa: PLC0415 - heavy, and most tests do without
        from kernelwright.rehearsal.rehearse import Plan, rehearse  # noqa: PLC0415
        from kernelwright.rehearsal.resource_limits import Limits  # noqa: PLC0415

        folder = self.folder / str(len([*self.folder.iterdir()]))
        plan = Plan(
            source=(self.project / source).resolve(),
            phases=phases,
            layouts=layouts,
            limits=limits or Limits(),
            folder=folder,
        )
        return Rehearsed(report=rehearse(load_project(self.project, kernel), plan), folder=folder)


@pytest.fixture
def rehearsal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rehearse:
    """Rehearse the project that is tested: see `Rehearse`."""
    return Rehearse(project=request.config.rootpath, folder=tmp_path_factory.mktemp("rehearsal"))
