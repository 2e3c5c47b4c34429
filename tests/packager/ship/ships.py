"""Pushes for a test, without the check."""

from kernelwright.project.model import load_project
from kernelwright.ship import client as clients
from kernelwright.ship import push as shipping
from kernelwright.ship import push_log
from kernelwright.ship.client import Pace
from tests.packager import shipped

CARRIED = shipped.CONFIGURATION + 'carrier = "dataset"\nsources_dataset = "toy-sources"\n'


SOURCES = "alice/toy-sources"


ADDRESS = "https://www.kaggle.com/code/alice/toy-kernel"


QUICK = Pace(poll=0.02, answer=20, dataset=10, run=20)


def ship(folder, pace=QUICK, **wishes):
    """Push without the check; returns the push and what was told."""
    told = []
    push = shipping.ship(load_project(folder), clients.find(pace), shipping.Wishes(**wishes), told.append)
    return push, told


def recorded(folder):
    return [one["event"] for one in push_log.events(folder)]


def change(folder):
    file = folder / "toy/__init__.py"
    file.write_text(file.read_text() + "\nMORE = 1\n")
    shipped.build(folder)
    shipped.rehearse(folder)
