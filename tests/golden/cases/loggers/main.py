# %%
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(name)s %(levelname)s %(message)s", level="WARNING", force=True)
from talk import deep
logging.getLogger("talk").setLevel("INFO")
deep.speak()
logging.getLogger(__name__).warning("driver")
logging.getLogger().handlers.clear()
