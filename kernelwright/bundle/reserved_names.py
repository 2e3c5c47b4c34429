"""Names that a source must not have, because it would shadow a module that the notebook imports while it runs."""

_KERNEL = """
    IPython comm debugpy decorator ipykernel ipykernel_launcher jupyter_client jupyter_core kernelwright
    matplotlib_inline nest_asyncio prompt_toolkit psutil pygments stack_data tornado traitlets wcwidth zmq
"""
_PYTHON = """
    abc argparse ast asyncio atexit base64 bdb builtins codecs collections contextlib copy dataclasses datetime dis
    encodings enum errno functools genericpath getpass glob hashlib importlib inspect io itertools json keyword
    linecache logging marshal math multiprocessing ntpath opcode operator os pathlib pdb pickle platform posix
    posixpath pprint queue re reprlib runpy select selectors shutil signal site socket sqlite3 ssl stat string struct
    subprocess sys sysconfig tempfile textwrap threading time token tokenize traceback types typing uuid warnings
    weakref zipfile zipimport
"""

NAMES = frozenset(_KERNEL.split()) | frozenset(_PYTHON.split())
