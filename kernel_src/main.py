# %% [markdown]
# # Landmark recognition
#
# Given a photograph, predict which of 81,313 landmarks it shows, or that it shows none of them. The only reference is
# a gallery of 1.5 million labelled photographs, in which many landmarks have only a handful of images.
#
# The pipeline has two stages. **Retrieval** compares whole images: a network maps each photograph to an embedding, and
# the gallery photographs with the nearest embeddings become candidates. **Verification** compares details: local
# features of the query are matched with those of each candidate, and only matches that are consistent with one
# homography count as inliers. Each candidate's score combines both stages. The candidates then vote, and the landmark
# with the highest total is the prediction.
#
# The sections below show the data, the results of both stages, the errors, and the metric. All figures are drawn from
# this run.

# %%
import os

from kernelwright.runtime import inputs, phase, stages, submission
from landmarks import faults
from landmarks.notebook_figures import NotebookFigures
from landmarks.ranking import HEADER
from landmarks.settings import Settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hide TensorFlow's startup messages
SETTINGS = Settings()

# %% [markdown]
# ## What this run does
#
# When the notebook is saved, it runs on public data. It then recognises only a few queries and submits a copy of the
# sample submission. When the notebook is submitted, Kaggle runs it again on hidden data, and it recognises all queries
# without drawing figures. The sample is copied before anything else, so that a valid submission exists at all times.
#
# For debugging, `Settings(max_images=10)` limits each split to ten images, except in the run on hidden data.

# %%
run = phase.detect(subset=SETTINGS.max_images)
print(f"{run.name}: {run.why}")
keep_going = faults.should_keep_going(SETTINGS, run.name)
with faults.log_errors(keep_going=keep_going):
    faults.write_initial_submission(SETTINGS)

# %% [markdown]
# ## What the data looks like
#
# The figure shows photographs of a frequent, a medium and a rare landmark, and below them the distribution of
# photographs per landmark. A landmark is photographed from near and far, from inside and outside, by day and by night.
# A single embedding cannot represent all of these views, so the gallery keeps every photograph.

# %%
figures = NotebookFigures(run.name, SETTINGS)
figures.data()

# %% [markdown]
# ## Recognition
#
# The submission is replaced after retrieval and again after verification. Nobody can restart the run on hidden data,
# so in that run an error is logged, the failed part is skipped, and the last complete submission is scored
# (`Settings.on_error`). The heavy libraries are imported here rather than at the top, because their import is slow and
# may fail, and the sample must be copied first.

# %%
steps = []
with faults.log_errors(keep_going=keep_going):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", str(int(SETTINGS.onednn)))  # read when TensorFlow is imported
    from landmarks.pipeline import recognise

    if run.computes or run.smoke:
        root = inputs.find(SETTINGS.competition)
        for step in recognise(root, SETTINGS, queries=run.smoke, keep_going=keep_going):
            steps.append(step)
            recognised, queries = len(step.predictions), len(step.data.queries)
            print(f"after {step.name}: {recognised} of {queries} queries recognised")
            if run.computes:
                # Handled on its own: if the disk is full now, the write after the next step may still succeed.
                with faults.log_errors(keep_going=keep_going):
                    submission.write(step.rows(), header=HEADER, after=step.name)

# %% [markdown]
# ## Retrieval: the nearest neighbours
#
# Each row shows a query on the left, followed by the gallery photographs with the most similar embeddings and their
# cosine similarities. Rows are sorted from the highest to the lowest score. If the true labels are available, correct
# candidates have a green frame and wrong ones a red frame. Otherwise, candidates of the predicted landmark have a blue
# frame. When the notebook is saved, the gallery is limited to a few dozen photographs, and most of them show other
# landmarks.

# %%
figures.neighbours(steps)

# %% [markdown]
# ## Verification: matching details
#
# Keypoints of two photographs are matched by their RootSIFT descriptors. If both photographs show the same facade, one
# homography explains many of the matches. If they show different places, only a few matches agree by chance. The
# figure shows the pair with the most inliers and the pair with the fewest: inliers are green, outliers red.

# %%
figures.pairs(steps)

# %% [markdown]
# ## Where it fails
#
# A wrong prediction with a high score costs most, because the metric ranks it above correct ones.

# %%
figures.mistakes(steps)

# %% [markdown]
# ## How predictions are scored
#
# The metric is global average precision (GAP). All predictions are sorted by score, and the precision at the rank of
# each correct prediction is averaged over the queries that show a landmark. Scores must therefore be comparable
# between queries, and a prediction for a query without a landmark lowers the result. The figure shows precision by
# rank. The marks below it are green for correct predictions and red for wrong ones.

# %%
figures.gap(steps)

# %% [markdown]
# ## References
#
# - Weyand, Araujo, Cao, Sim: Google Landmarks Dataset v2, CVPR 2020: the data.
# - Tan, Le: EfficientNet, ICML 2019, and Deng et al.: ArcFace, CVPR 2019: the embedding network and its loss.
# - Arandjelović, Zisserman: Three things everyone should know to improve object retrieval, CVPR 2012: RootSIFT.
# - Cao, Araujo, Sim: Unifying deep local and global features for image search, ECCV 2020: DELG, an alternative to
#   RootSIFT.
# - Chum, Werner, Matas: Two-view geometry estimation unaffected by a dominant plane, CVPR 2005: the homography.
# - Perronnin, Liu, Renders: A family of contextual measures of similarity, CVPR 2009: GAP.

# %%
stages.log()
