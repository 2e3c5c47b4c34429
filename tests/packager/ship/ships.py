"""Pushes for a test, without the check."""

from kernelwright.project.model import load_project
from kernelwright.ship import client as clients
from kernelwright.ship import push as pushing
from kernelwright.ship import push_log
from kernelwright.ship.client import Timeouts
from kernelwright.ship.kernels import RemoteKernel
from tests.packager import shipped

CARRIED = shipped.CONFIGURATION + 'carrier = "dataset"\nsources_dataset = "toy-sources"\n'


SOURCES = "alice/toy-sources"


ADDRESS = "https://www.kaggle.com/code/alice/toy-kernel"


QUICK = Timeouts(poll=0.02, answer=20, dataset=10, run=20)


def ship(folder, timeouts=QUICK, **options):
    """Push without the check; returns the push and the lines it told."""
    told = []
    push = pushing.push(load_project(folder), clients.find(timeouts), pushing.PushOptions(**options), told.append)
    return push, told


def remote(timeouts=QUICK, client=None):
    """The toy project's kernel on Kaggle."""
    return RemoteKernel(client=client or clients.find(timeouts), ref="alice/toy-kernel")


def recorded(folder):
    return [one["event"] for one in push_log.events(folder)]


def change(folder):
    file = folder / "toy/__init__.py"
    file.write_text(file.read_text() + "\nMORE = 1\n")
    shipped.build(folder)
    shipped.rehearse(folder)
