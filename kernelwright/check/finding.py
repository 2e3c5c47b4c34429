"""What a check finds: a problem, with the check that found it and how grave it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from kernelwright import codes
from kernelwright.errors import Problem


class Severity(StrEnum):
    """How grave a finding is.

    An error is wrong wherever the project is. What is unready stops a push but not a check: a fresh clone has no
    notebook, no rehearsal and perhaps no owner yet, and nothing is wrong with it. A warning stops nothing.
    """

    error = "error"
    unready = "unready"
    warning = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding(Problem):
    """One problem, judged; ``check`` is the stable name of what found it."""

    check: str = ""
    severity: Severity = Severity.error

    @classmethod
    def of(cls, problem: Problem, check: str) -> "Finding":
        """Name the check; a plain problem is as grave as its code's row says."""
        if isinstance(problem, Finding):
            return replace(problem, check=problem.check or check)
        row = codes.table().get(problem.code)
        return cls(**vars(problem), check=check, severity=Severity(row.severity) if row else Severity.error)

    def as_json(self) -> dict[str, str]:
        """Return it as ``check --json`` prints it."""
        judged = {"check": self.check, "severity": self.severity.value, "code": self.code}
        return {**judged, "place": self.location, "problem": self.message, "fix": self.fix}


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Sort the gravest first, then by place; each once."""

    def rank(finding: Finding) -> tuple[object, ...]:
        line = finding.place if isinstance(finding.place, int) else 0
        return (list(Severity).index(finding.severity), finding.file, line, finding.location, finding.code)

    return sorted(dict.fromkeys(findings), key=rank)


def stops_a_push(findings: Iterable[Finding]) -> bool:
    """Return whether any of the findings keeps the notebook from being pushed."""
    return any(finding.severity != Severity.warning for finding in findings)


def has_error(findings: Iterable[Finding]) -> bool:
    """Return whether anything is wrong with the project itself."""
    return any(finding.severity == Severity.error for finding in findings)
