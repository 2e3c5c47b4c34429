# %% [markdown]
# # Training the landmark networks
#
# The recognition kernel compares photographs by their embeddings, which should be close if two photographs show the
# same landmark. This kernel trains the network that computes them. The network learns to classify the landmarks of
# `train.csv` with an ArcFace head, which requires each photograph to be closer to its own landmark than to any other
# by an angular margin. After training, the head is no longer used. The embedding also works for landmarks that were
# not in the training data.
#
# The kernel runs once, when it is saved. Its output contains the weights, `model.json`, and a record of the training.
# The recognition kernel attaches this output as a source.

# %%
import logging
import sys
from pathlib import Path

from kernelwright.runtime import inputs, stages
from landmarks.training import curves, recipes, resuming, train, views

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
COMPETITION = inputs.find("landmark-recognition-2021")
OUTPUT = Path()
RECIPE = recipes.choose_recipe(COMPETITION)
RECIPE

# %% [markdown]
# ## The training data
#
# Each row shows a photograph as the network sees it, followed by augmented views of it: cropped, with changed lighting,
# and partly occluded. The seed determines every view. A training run that is interrupted and resumed therefore
# continues with exactly the next batch.

# %%
views.draw_views(COMPETITION, RECIPE)

# %% [markdown]
# ## Training
#
# Training starts with small images and continues with larger ones: most of the learning happens at a fraction of the
# cost. After each epoch, held-out photographs are searched for among the training photographs, with the retrieval and
# voting of the recognition kernel, and scored with the competition's metric. The weights with the best GAP are kept.
# Training stops shortly before Kaggle's time limit. To continue it, attach the output of this kernel to the kernel
# itself as a source and run it again.

# %%
resuming.copy_previous_output("landmark-training", OUTPUT)
result = train(COMPETITION, OUTPUT, RECIPE.network, RECIPE.training)

# %% [markdown]
# ## Learning curves
#
# If the loss falls while GAP and top-1 accuracy stay constant, the network overfits. Dashed lines mark the start of a
# stage and name its image size.

# %%
curves.save_plot(OUTPUT)

# %% [markdown]
# ## Result
#
# GAP and top-1 accuracy of the saved weights, measured by retrieval on the held-out photographs. The recognition kernel
# adds verification and therefore scores higher. To use these weights, attach this kernel to the recognition kernel and
# set `Settings(models=(TRAINED,))` there.

# %%
print(f"GAP {result.gap:.4f}, top-1 {result.top_1:.4f} after {len(result.history)} epochs")
if not result.is_complete:
    print("Training stopped at the time limit. To continue, attach this output to the kernel and run it again.")

# %%
stages.log()
