import subprocess, sys

def tool():
    return subprocess.run([sys.executable, "-m", "barn.tool", "x"], capture_output=True, text=True, check=True,
                          env=environment()).stdout.strip()

def environment():
    import os
    paths = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(os.path.abspath(__file__)), paths])}
