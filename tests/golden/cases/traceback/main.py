# %%
import os, traceback, sys
from fails import outer
# %%
try:
    outer({})
except KeyError:
    frames = traceback.extract_tb(sys.exc_info()[2])
    for frame in frames[1:]:
        print(os.path.basename(frame.filename), frame.lineno, frame.name, frame.line)
