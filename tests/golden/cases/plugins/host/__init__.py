import importlib, pkgutil
from host import plugins

def found():
    names = [info.name for info in pkgutil.iter_modules(plugins.__path__)]
    return {name: importlib.import_module(f"host.plugins.{name}").VALUE for name in sorted(names)}
