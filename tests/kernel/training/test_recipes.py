"""The recipe follows the number of images."""

import pytest

from landmarks.training import recipes


@pytest.mark.parametrize(("images", "recipe"), [(96, recipes.SMALL), (4999, recipes.SMALL), (5000, recipes.LARGE)])
def test_the_recipe_follows_the_number_of_images(tmp_path, images, recipe):
    rows = (f"{index:016x},{index % 7}" for index in range(images))
    (tmp_path / "train.csv").write_text("\n".join(["id,landmark_id", *rows]) + "\n")
    assert recipes.choose_recipe(tmp_path) is recipe


@pytest.mark.parametrize("recipe", [recipes.SMALL, recipes.LARGE])
def test_a_recipe_can_be_trained_and_ends_at_the_size_of_inference(recipe):
    recipe.training.check()
    assert recipe.training.stages[-1].size_px == recipe.network.input_px
    assert [stage.size_px for stage in recipe.training.stages] == sorted(
        stage.size_px for stage in recipe.training.stages
    )
