# %% [markdown]
# # Landmark recognition
#
# Which landmark does a photograph show, out of 81,313, or none of them? One and a half million labelled photographs,
# the gallery, are all there is to go by, and many landmarks have a handful.
#
# Here each query is looked at twice. The **first look** compares whole images: a network turns each photograph into a
# vector, and the gallery photographs with the nearest vectors are candidates. The **second look** compares details:
# local features of the query are matched to those of each candidate, and only matches that agree on one homography
# count. Both looks add up to a score, the candidates vote, and the landmark with most votes is the prediction.
#
# Below: what the data looks like, what either look sees, where it fails, and how the answers are scored. Every
# picture is drawn from the run that you read.

# %%
import os

from kernelwright.runtime import inputs, phase, stages, submission
from landmarks import faults
from landmarks.ranking import HEADER
from landmarks.settings import Settings
from landmarks.story import Story

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes on its build are no part of the story
SETTINGS = Settings()

# %% [markdown]
# ## What this run does
#
# When the notebook is saved, it sees public data and need not compute: it tries a few queries and hands in the
# sample. When it is submitted, it runs again on hidden data and computes everything, without pictures. The sample is
# copied first, so that a valid submission exists at every moment. `Settings(max_images=10)` is for debugging: ten
# images of each split, wherever not all must be computed.

# %%
run = phase.detect(subset=SETTINGS.max_images)
print(f"{run.name}: {run.why}")
keep_going = faults.goes_on(SETTINGS, run.name)
with faults.submission_stands(keep_going=keep_going):
    faults.first_submission(SETTINGS)

# %% [markdown]
# ## What the data looks like
#
# A frequent landmark, a middling one and a rare one, and below them how many landmarks have how many photographs.
# A landmark is seen from near and far, inside and outside, by day and by night: one vector can hardly hold all of that,
# which is why the gallery keeps every photograph.

# %%
story = Story(run.name, SETTINGS)
story.data()

# %% [markdown]
# ## Recognise
#
# The submission is replaced as soon as the first look is done, and again after the second. On hidden data nobody can
# retry: there, what fails is left out and logged, and the best submission so far stands (`Settings.on_error`). The
# libraries are imported here and not above: that takes longer than the sample should wait for, and may fail.

# %%
steps = []
with faults.submission_stands(keep_going=keep_going):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", str(int(SETTINGS.onednn)))  # read when TensorFlow is imported
    from landmarks.pipeline import recognise

    if run.computes or run.smoke:
        root = inputs.find(SETTINGS.competition)
        for step in recognise(root, SETTINGS, queries=run.smoke, keep_going=keep_going):
            steps.append(step)
            recognised, queries = len(step.predictions), len(step.data.queries)
            print(f"after {step.name}: {recognised} of {queries} queries recognised")
            if run.computes:
                # The next step may find room on a full disk.
                with faults.submission_stands(keep_going=keep_going):
                    submission.write(step.rows(), header=HEADER, after=step.name)

# %% [markdown]
# ## The first look: neighbours
#
# Queries on the left, from the surest to the least sure; beside each the gallery photographs with the most similar
# vectors, with the cosine. Candidates of the predicted landmark have a blue frame; where the truth is known, right ones
# are green and wrong ones red. When the notebook is saved, queries are compared with a few dozen photographs only,
# and most of them show something else.

# %%
story.neighbours(steps)

# %% [markdown]
# ## The second look: details
#
# Corners and patches of two photographs are matched by their RootSIFT descriptors. If both show the same facade, one
# homography maps many of them onto their matches; in photographs of different places a handful agree by chance. Here
# are two of the pairs that were tried, with most agreement and with least: green matches agree, red ones do not.

# %%
story.pairs(steps)

# %% [markdown]
# ## Where it fails
#
# A wrong answer with a high score costs most: it stands before right ones in the order that is scored.

# %%
story.mistakes(steps)

# %% [markdown]
# ## How the answers are scored
#
# All answers are ordered by score. GAP is the mean, over the queries that show a landmark, of the precision at each
# right answer; so scores must be comparable between queries, and an answer to a query without a landmark costs. Below
# the curves: right answers in green, wrong ones in red.

# %%
story.gap(steps)

# %% [markdown]
# ## References
#
# - Weyand, Araujo, Cao, Sim: Google Landmarks Dataset v2, CVPR 2020: the data.
# - Tan, Le: EfficientNet, ICML 2019, and Deng et al.: ArcFace, CVPR 2019: the network of the first look, and its loss.
# - Arandjelović, Zisserman: Three things everyone should know to improve object retrieval, CVPR 2012: RootSIFT.
# - Cao, Araujo, Sim: Unifying deep local and global features for image search, ECCV 2020: DELG, in its place.
# - Chum, Werner, Matas: Two-view geometry estimation unaffected by a dominant plane, CVPR 2005: the homography.
# - Perronnin, Liu, Renders: A family of contextual measures of similarity, CVPR 2009: GAP.

# %%
stages.log()
