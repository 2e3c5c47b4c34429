"""What should hold over the runs of a rehearsal together."""

from collections.abc import Sequence

from kernelwright.rehearsal.report import Claim, Run


def compare(runs: Sequence[Run]) -> list[Claim]:
    """Compare the runs: the guard's choice, the sample, the rows, the mounts."""
    claims = [_guard(runs), _sample(runs), _rows(runs)]
    return [claim for claim in claims if claim]


def _guard(runs: Sequence[Run]) -> Claim | None:
    chosen = {f"{run.phase}, {run.mounts}": str(run.guard["name"]) for run in runs if run.guard}
    if not chosen:
        return None
    wrong = [run for run in runs if run.guard and not run.guard["right"]]
    detail = "; ".join(f"{where}: {name}" for where, name in chosen.items())
    return Claim(says="the guard takes each run for what it is", holds=not wrong, detail=detail)


def _sample(runs: Sequence[Run]) -> Claim | None:
    reruns = [run for run in runs if run.phase == "rerun" and run.submission["sha256"]]
    left = [run for run in reruns if run.submission["is_sample"]]
    detail = f"still the sample: {', '.join(run.mounts for run in left)} mounts" if left else ""
    return Claim(says="the rerun leaves no sample behind", holds=not left, detail=detail) if reruns else None


def _rows(runs: Sequence[Run]) -> Claim | None:
    """Compare the ids of runs that were given the same sample: the public input may have rows of its own."""
    written = [run for run in runs if run.submission["ids_sha256"]]
    ids: dict[str, set[str]] = {}
    for run in written:
        ids.setdefault(run.submission["sample_sha256"], set()).add(run.submission["ids_sha256"])
    if len(written) < 2:
        return None
    detail = "; ".join(f"{run.phase}, {run.mounts}: {run.submission['rows']} rows" for run in written)
    same = all(len(digests) == 1 for digests in ids.values())
    return Claim(says="every run writes the rows its sample asks for", holds=same, detail=detail)
