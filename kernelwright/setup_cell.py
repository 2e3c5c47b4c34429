# Set-up: a fresh folder for the modules below, and %%module, the magic that writes them there.
def _set_up(config, packed, top_level):
    import atexit, base64, hashlib, json, os, shutil, sys, tempfile, time
    from pathlib import Path

    os.environ.setdefault("KERNELWRIGHT_STARTED", str(time.time()))
    root = Path(tempfile.mkdtemp(prefix="kernelwright-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    sys.dont_write_bytecode = True  # an edit within the same second must not meet a stale .pyc
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    for name in [name for name in sys.modules if name.partition(".")[0] in top_level]:
        del sys.modules[name]  # this cell ran before, or the name is taken: the modules below are meant

    def write(path, data):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    digests = json.loads(config)["files"]
    write("kernelwright.json", config.encode())
    for path, text in packed.items():
        write(path, base64.b64decode(text))

    shell = get_ipython()
    running = {}
    shell.events.register("pre_run_cell", lambda info: running.update(cell=info.raw_cell))

    def module(line, cell):
        """Write the cell's exact text, less its first line, to the file that line names."""
        first, _, text = running["cell"].lstrip("\n").partition("\n")
        path, data = first.removeprefix("%%module").strip(), text.encode()
        again = (root / path).exists()
        write(path, data)
        if hashlib.sha256(data).hexdigest() != digests.get(path):
            print(f"{path} was edited: it is no longer the file this notebook was built from")
        if again:
            from kernelwright.runtime import edits

            edits.reload(path, shell.user_ns)

    shell.register_magic_function(module, "cell", "module")
