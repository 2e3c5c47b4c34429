# Set-up: a fresh folder for the modules below, and %%module, the magic that writes them there.
def _set_up(config, packed):
    import atexit, hashlib, importlib, json, os, shutil, sys, tempfile, time
    from pathlib import Path

    manifest, pid, shell, running = json.loads(config), os.getpid(), get_ipython(), {}
    os.environ.setdefault("KERNELWRIGHT_STARTED", str(time.time()))
    root = Path(tempfile.mkdtemp(prefix="kernelwright-"))
    atexit.register(lambda: os.getpid() == pid and shutil.rmtree(root, ignore_errors=True))
    sys.dont_write_bytecode = True  # an edit within the same second must not meet a stale .pyc
    earlier = getattr(shell, "kernelwright_tree", str(root))  # this cell may run again
    shell.kernelwright_tree = str(root)

    def ahead(paths):  # the script's own folder comes first, as in place
        paths = [path for path in paths if path and not path.startswith(earlier)]
        folders = dict.fromkeys((manifest["driver"]["folder"], ""))
        return [str(root / folder) for folder in folders] + paths

    sys.path[:] = ahead(sys.path)
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(ahead(inherited))
    sys.argv[:] = [str(root / manifest["driver"]["file"])]
    for name, value in manifest["driver"]["names"].items():
        shell.user_ns[name] = value.replace("{root}", str(root))
    top_level = {name.partition(".")[0] for name in manifest["imports"]} - {"__main__"}
    for name in [name for name in sys.modules if name.partition(".")[0] in top_level]:
        del sys.modules[name]  # of the last run, or from elsewhere: the modules below are meant

    def write(path, data):
        if hashlib.sha256(data).hexdigest() != manifest["files"].get(path):
            print(f"{path} was edited: it is no longer the file this notebook was built from")
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        importlib.invalidate_caches()

    (root / "kernelwright.json").write_bytes(config.encode())
    for path, data in packed.items():
        write(path, data)

    def module(line, cell):
        """Write the cell's exact text, less its first line, to the file that line names."""
        first, _, text = running["cell"].lstrip("\n").partition("\n")
        path, data = first.removeprefix("%%module ").rstrip("\r"), text.encode()
        before = (root / path).read_bytes() if (root / path).exists() else None
        if before == data:
            return
        write(path, data)
        if before is not None and (root / "kernelwright/runtime/reload.py").exists():
            importlib.import_module("kernelwright.runtime.reload").reload(path, shell.user_ns)

    shell.events.register("pre_run_cell", lambda info: running.update(cell=info.raw_cell))
    shell.register_magic_function(module, "cell", "module")
