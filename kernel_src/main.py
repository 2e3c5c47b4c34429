# %% [markdown]
# # Landmark recognition
#
# A photograph is recognised in two looks. The **first** compares whole images: a network turns each photograph into a
# vector, and the three gallery photographs with the nearest vectors are candidates. The **second** compares details:
# local features of the query are matched to those of each candidate, and only matches that agree on one homography
# count. Both looks add up to a score, the candidates vote, and the landmark with most votes is the prediction.

# %%
from kernelwright.runtime import budget, inputs, phase, stages, submission
from landmarks import faults
from landmarks.ranking import HEADER
from landmarks.settings import Settings

SETTINGS = Settings()

# %% [markdown]
# ## What this run does
#
# When the notebook is saved, it sees public data and need not compute: it tries a few queries and hands in the
# sample. When it is submitted, it runs again on hidden data and computes everything. The sample is copied first, so
# that a valid submission exists at every moment. `Settings(max_images=10)` is for debugging: ten images of each split,
# wherever not all must be computed.

# %%
run = phase.detect(subset=SETTINGS.max_images)
print(f"{run.name}: {run.why}")
keep_going = faults.goes_on(SETTINGS, run.name)
with faults.submission_stands(keep_going=keep_going):
    faults.first_submission(SETTINGS)

# %% [markdown]
# ## Recognise
#
# The submission is replaced as soon as the first look is done, and again after the second. On hidden data nobody can
# retry: there, what fails is left out and logged, and the best submission so far stands (`Settings.on_error`). The
# libraries are imported here and not above: that takes longer than the sample should wait for, and may fail.

# %%
last = None
with faults.submission_stands(keep_going=keep_going):
    from landmarks.pipeline import recognise

    if run.computes or run.smoke:
        root = inputs.find(SETTINGS.competition)
        for last in recognise(root, SETTINGS, queries=run.smoke, keep_going=keep_going):
            print(f"after {last.name}: {len(last.predictions)} of {len(last.data.queries)} queries recognised")
            if run.computes:
                with faults.submission_stands(keep_going=keep_going):  # the next step may find room on a full disk
                    submission.write(last.rows(), header=HEADER, after=last.name)

# %% [markdown]
# ## A look at the answers
#
# Queries on the left, from the surest to the least sure; beside each its best candidates, with label and score.
# Candidates of the predicted landmark have a blue frame.

# %%
answers: object = "The sample was copied; nothing was run."
with faults.submission_stands(keep_going=keep_going):
    if last:
        from landmarks import visualise

        answers = visualise.contact_sheet(last, until=budget.deadline(SETTINGS.deadline_hours))
answers

# %%
stages.log()
