# %% [markdown]
# # Training of the landmark networks
#
# The recognition kernel compares photographs by vectors that a network makes of them: near one another where the
# landmark is the same. This kernel trains such a network. It has to tell the landmarks of `train.csv` apart, against a
# head that asks for more than the right answer: each photograph has to be nearer to its own landmark than to any other
# by an angle (ArcFace). The head is not used afterwards. What stays is an embedding that also serves for landmarks
# it has never seen.
#
# It runs once, when it is saved, and its output is the result: weights, `model.json`, and a record of how they came
# about. The recognition kernel attaches that output as a source.

# %%
import logging
import sys
from pathlib import Path

from kernelwright.runtime import inputs, stages
from landmarks.training import curves, recipes, resuming, train, views

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
COMPETITION = inputs.find("landmark-recognition-2021")
OUTPUT = Path()
RECIPE = recipes.of(COMPETITION)
RECIPE

# %% [markdown]
# ## What it learns from
#
# Photographs on the left as the network will see them, beside each views that it learns from: cropped, lit otherwise,
# partly covered, as another visitor might have taken it. Which views are shown when follows from the seed, so that a
# training that is ended at any moment goes on with the very batch that was next.

# %%
views.sheet(COMPETITION, RECIPE)

# %% [markdown]
# ## Training
#
# First with small images, then with larger ones: most of what there is to learn shows in small images too, which cost a
# fraction. After each epoch the photographs that were held out are looked up among the others, with the retrieval and
# the vote of the recognition kernel, and scored as the competition does. What trains best by that is kept, not what
# classifies best. Shortly before Kaggle's limit the training ends itself; attached to this kernel as its own source,
# the output of one run is where the next goes on.

# %%
resuming.take_over("landmark-training", OUTPUT)
result = train(COMPETITION, OUTPUT, RECIPE.network, RECIPE.training)

# %% [markdown]
# ## How it went
#
# A loss that falls while GAP and top-1 stand still is learning by heart. The dashed lines are where a stage begins,
# with its size of images.

# %%
curves.save(OUTPUT)

# %% [markdown]
# ## How good it is
#
# GAP and top-1 of the weights in the output, on photographs that were held out of training. The recognition kernel
# adds the comparison of details, so that its own score is higher. It uses these weights with
# `Settings(models=(TRAINED,))`, once this kernel is among its sources.

# %%
print(f"GAP {result.gap:.4f}, top-1 {result.top_1:.4f} after {len(result.history)} epochs")
if not result.is_complete:
    print("The time ended it. Attach this output to the kernel itself, as a kernel source, and run it again to go on.")

# %%
stages.log()
