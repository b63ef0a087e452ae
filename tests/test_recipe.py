"""Recipes: layers, model settings, words of the command line, YAML, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from retinue.errors import UsageError
from retinue.recipe import (
    DATA_KEYS,
    SCHEMA,
    Recipe,
    make_recipe,
    parse_assignments,
    read_recipe,
    write_recipe,
)


def refusal(*layers: dict[str, Any]) -> str:
    """What the user is told of settings that are not allowed."""
    with pytest.raises(UsageError) as caught:
        make_recipe(*layers)
    return str(caught.value)


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# --- layers


def test_later_layers_win_and_the_rest_stays() -> None:
    recipe = make_recipe({"epochs": 1, "lr": 0.1, "seed": 1}, {"epochs": 2, "lr": 0.2}, {"lr": 0.3})
    assert (recipe.epochs, recipe.lr, recipe.seed) == (2, 0.3, 1)


def test_layers_are_not_changed() -> None:
    layers: list[dict[str, Any]] = [{"model": {"name": "cnn", "depth": 3}}, {"model": {"depth": 5}}]
    make_recipe(*layers)
    assert layers == [{"model": {"name": "cnn", "depth": 3}}, {"model": {"depth": 5}}]


def test_what_is_not_given_is_known_to_be_a_default() -> None:
    recipe = make_recipe({"epochs": Recipe().epochs})
    assert recipe.model_fields_set == {"epochs"}
    assert recipe == Recipe()


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Recipe().epochs = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        Recipe().model.name = "x"  # type: ignore[misc]


def test_settings_of_the_data_are_settings_of_the_recipe() -> None:
    assert set(DATA_KEYS) < set(Recipe.model_fields)


# --- model


def test_a_bare_name_means_a_model_of_that_name() -> None:
    for given_ in ("cnn", {"name": "cnn"}):
        model = make_recipe({"model": given_}).model
        assert (model.name, model.arguments) == ("cnn", {})


def test_arguments_of_one_model_are_merged() -> None:
    recipe = make_recipe(
        {"model": {"name": "cnn", "depth": 3, "width": 8}}, {"model": {"depth": 5}}
    )
    assert recipe.model.name == "cnn"
    assert recipe.model.arguments == {"depth": 5, "width": 8}


@pytest.mark.parametrize("again", ["cnn", {"name": "cnn"}])
def test_naming_the_same_model_keeps_its_arguments(again: Any) -> None:
    recipe = make_recipe({"model": {"name": "cnn", "depth": 3}}, {"model": again})
    assert recipe.model.arguments == {"depth": 3}


@pytest.mark.parametrize("other", ["resnet", {"name": "resnet"}])
def test_naming_another_model_drops_the_arguments(other: Any) -> None:
    recipe = make_recipe({"model": {"name": "cnn", "depth": 3}}, {"model": other})
    assert recipe.model.name == "resnet"
    assert recipe.model.arguments == {}


def test_another_model_brings_its_own_arguments() -> None:
    recipe = make_recipe(
        {"model": {"name": "cnn", "depth": 3}}, {"model": {"name": "resnet", "width": 16}}
    )
    assert recipe.model.arguments == {"width": 16}


def test_the_seed_of_an_order_of_pixels_is_no_argument_of_the_network(tmp_path: Path) -> None:
    recipe = make_recipe({"model": {"name": "cnn", "depth": 3, "shuffle_pixels": 0}})
    assert recipe.model.arguments == {"depth": 3}
    assert recipe.model.shuffle_pixels == 0
    write_recipe(tmp_path / "recipe.yaml", recipe)
    assert make_recipe(read_recipe(tmp_path / "recipe.yaml")) == recipe
    assert recipe != make_recipe({"model": {"name": "cnn", "depth": 3}})


def test_where_pixels_stay_a_recipe_does_not_speak_of_it(tmp_path: Path) -> None:
    for named in ({"name": "cnn"}, {"name": "cnn", "shuffle_pixels": None}):
        recipe = make_recipe({"model": named})
        write_recipe(tmp_path / "recipe.yaml", recipe)
        assert "shuffle" not in (tmp_path / "recipe.yaml").read_text(encoding="utf-8")
        assert make_recipe(read_recipe(tmp_path / "recipe.yaml")).model.shuffle_pixels is None


@pytest.mark.parametrize("wrong", [True, 1.5, "yes"])
def test_the_seed_of_an_order_of_pixels_is_a_whole_number(wrong: Any) -> None:
    with pytest.raises(UsageError, match=r"model\.shuffle_pixels: "):
        make_recipe({"model": {"name": "cnn", "shuffle_pixels": wrong}})


def test_options_of_generated_data_are_merged() -> None:
    recipe = make_recipe({"data_options": {"count": 60, "seed": 1}}, {"data_options": {"seed": 2}})
    assert recipe.data_options == {"count": 60, "seed": 2}


# --- --set


def test_assignments_are_nested_and_typed() -> None:
    words = ["epochs=5", "lr=0.5", "model.depth=4", "model.name=cnn", "flip=false", "patience=null"]
    assert parse_assignments(words) == {
        "epochs": 5,
        "lr": 0.5,
        "model": {"depth": 4, "name": "cnn"},
        "flip": False,
        "patience": None,
    }


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_assignments(["group_by=a=(b)"]) == {"group_by": "a=(b)"}


def test_lists_are_read_as_yaml_and_as_words_with_commas() -> None:
    for word in ("classes=[cat, dog]", "classes=cat,dog", "classes=cat, dog"):
        assert make_recipe(parse_assignments([word])).classes == ("cat", "dog")


def test_assignments_in_any_order_belong_to_the_model_that_is_named() -> None:
    for words in (["model=cnn", "model.depth=4"], ["model.depth=4", "model=cnn"]):
        assert parse_assignments(words) == {"model": {"name": "cnn", "depth": 4}}


def test_a_later_assignment_wins() -> None:
    assert parse_assignments(["epochs=1", "epochs=2"]) == {"epochs": 2}


def test_numbers_may_be_written_in_powers_of_ten() -> None:
    assert make_recipe(parse_assignments(["lr=1e-3"])).lr == 0.001


def test_numbers_of_a_model_may_be_written_in_powers_of_ten() -> None:
    # No field of the recipe turns these into numbers later, so they must be numbers here.
    settings = parse_assignments(["model.dropout=5e-2", "data_options.label_errors=5e-2"])
    recipe = make_recipe(settings)
    assert recipe.model.arguments == {"dropout": 0.05}
    assert recipe.data_options == {"label_errors": 0.05}


def test_numbers_to_base_60_are_words() -> None:
    # YAML 1.1 reads 24:0.6 as 1440.6, and 12:30 as 750.
    settings = parse_assignments(["progressive=24:0.6", "classes=[12:30, 1:05]", "group_by=9:30"])
    assert settings == {"progressive": "24:0.6", "classes": ["12:30", "1:05"], "group_by": "9:30"}
    assert make_recipe(settings).progressive == ((24, 0.6),)
    assert yaml.safe_load("24:0.6") == pytest.approx(1440.6)  # control


@pytest.mark.parametrize("word", ["epochs", "=5", "", "model.depth"])
def test_an_assignment_without_key_or_value_shows_how(word: str) -> None:
    with pytest.raises(UsageError, match=r"write KEY=VALUE, as --set model\.depth=4"):
        parse_assignments([word])


@pytest.mark.parametrize("text", ["[1", "{", "'", "2024-99-99"])
def test_a_value_that_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the value cannot be read"):
        parse_assignments([f"classes={text}"])


# --- kinds of values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5h", 5400), (45, 45), ("45", 45), (None, None)],
)
def test_durations(text: Any, seconds: float | None) -> None:
    assert make_recipe({"time_limit": text}).time_limit == seconds


@pytest.mark.parametrize(
    ("given_", "epochs"),
    [(5, 5), ("5", 5), (5.0, 5), ("5.0", 5), (1.5, 1.5), ("1.5", 1.5), (0, 0), (0.25, 0.25)],
)
def test_whole_epochs_are_whole_numbers_and_others_are_not(given_: Any, epochs: float) -> None:
    found = make_recipe({"epochs": given_}).epochs
    assert found == epochs
    assert type(found) is type(epochs)


@pytest.mark.parametrize(
    ("given_", "stretches"),
    [
        ("24:0.6", ((24, 0.6),)),
        ("20:0.3,26:0.6", ((20, 0.3), (26, 0.6))),
        (["24:0.6"], ((24, 0.6),)),
        ([[20, 0.3], [26, 0.6]], ((20, 0.3), (26, 0.6))),
        ([(24, "0.6")], ((24, 0.6),)),
        ("", ()),
        ([], ()),
    ],
)
def test_stretches_at_fewer_pixels(given_: Any, stretches: tuple[tuple[int, float], ...]) -> None:
    assert make_recipe({"progressive": given_}).progressive == stretches


@pytest.mark.parametrize(
    "given_", ["24", "24:", ":0.5", "24:1", "24:0", "0:0.5", "24:0.6:1", "24.5:0.6", [24, 0.6], 0.5]
)
def test_what_is_no_stretch_is_refused(given_: Any) -> None:
    assert refusal({"progressive": given_}).startswith("progressive")


@pytest.mark.parametrize(("given_", "lr"), [("auto", "auto"), ("0.5", 0.5), (1, 1.0)])
def test_a_learning_rate_is_a_number_or_is_found(given_: Any, lr: Any) -> None:
    assert make_recipe({"lr": given_}).lr == lr


@pytest.mark.parametrize("text", ["h", "tenm", "-5m", 0, "0s", ""])
def test_what_is_no_duration_is_refused(text: Any) -> None:
    assert refusal({"time_limit": text}).startswith("time_limit")


@pytest.mark.parametrize(
    ("given_", "size"),
    [(64, (64, 64)), ("64", (64, 64)), ("24x32", (24, 32)), ([24, 32], (24, 32)), (None, None)],
)
def test_sizes(given_: Any, size: tuple[int, int] | None) -> None:
    assert make_recipe({"size": given_}).size == size


@pytest.mark.parametrize("given_", ["big", "24x", "1x2x3", 1.5, [1, 2, 3], 0, -8, "0x8"])
def test_what_is_no_size_is_refused(given_: Any) -> None:
    assert refusal({"size": given_}).startswith("size")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", -1),
        ("batch_size", 0),
        ("lr", 0),
        ("lr", float("nan")),
        ("lr", "fast"),
        ("val_fraction", 1),
        ("test_fraction", -0.1),
        ("opt", "sdg"),
        ("channels", 2),
        ("patience", 0),
        ("limit_per_class", 0),
        ("fit", "stretch"),
        ("clip", 0),
        ("warmup", 1.0),
        ("mixup", -0.1),
        ("cutmix", float("inf")),
        ("views", "both"),
        ("epochs", float("inf")),
        ("epochs", float("nan")),
        ("epochs", "many"),
        ("epochs", None),
        ("slice_size", 0),
        ("ema", 1.0),
        ("rest_lr", 0),
        ("rest_momentum", 1),
        ("preset", "fast"),
        ("hardest", 0),
        ("hardest", 1.1),
        ("progressive", None),
        ("progressive", 24),
        ("augment", "heavy"),
        ("schedule", "line"),
    ],
)
def test_values_out_of_range_are_refused_by_their_key(key: str, value: Any) -> None:
    told = refusal({key: value})
    assert told.startswith(f"{key}: ")
    assert repr(value) in told


# --- what the user is told


@pytest.mark.parametrize(("wrong", "right"), [("epoch", "epochs"), ("batchsize", "batch_size")])
def test_an_unknown_key_is_answered_with_its_nearest(wrong: str, right: str) -> None:
    assert refusal({wrong: 3}) == f"{wrong}: no such setting; did you mean {right}?"


def test_a_key_like_no_other_is_answered_without_a_guess() -> None:
    assert refusal({"zzzzzz": 3}) == "zzzzzz: no such setting"


@pytest.mark.parametrize(
    "layer",
    [
        {"epochs": {"a": "b\nc"}},
        {"size": "a\nb"},
        {"model": None},
        {"model": 3},
        {"model": {"name": 3}},
        {"data_options": {"a": [1, 2]}},
        {"classes": [1, 2]},
        {"opt": "x\ny", "lr": -1, "nonsense": 0},
    ],
)
def test_every_refusal_is_one_line(layer: dict[str, Any]) -> None:
    told = refusal(layer)
    assert "\n" not in told
    assert told.partition(":")[0].split(".")[0] in layer


# --- YAML


def test_a_written_recipe_has_every_setting_and_the_schema(tmp_path: Path) -> None:
    write_recipe(tmp_path / "recipe.yaml", Recipe(epochs=3))
    values = yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8"))
    assert values["schema"] == SCHEMA
    assert set(values) == {"schema", *Recipe.model_fields}
    assert values["epochs"] == 3
    assert values["model"] == {"name": "auto"}


def test_a_recipe_read_back_is_the_same_with_every_setting_given(tmp_path: Path) -> None:
    recipe = make_recipe(
        {
            "data": "/tmp/a: #b",
            "data_options": {"count": 3, "shortcut": True, "label_errors": 0.1},
            "size": "24x32",
            "classes": ["no", "1e3", "ünï", " x"],
            "model": {"name": "cnn", "depth": 3, "widths": [1, 2]},
            "lr": 1e-5,
            "time_limit": "10m",
            "epochs": 1.5,
            "progressive": "20:0.3,26:0.6",
            "slice_size": 50,
        }
    )
    write_recipe(tmp_path / "recipe.yaml", recipe)
    back = make_recipe(read_recipe(tmp_path / "recipe.yaml"))
    assert back == recipe
    assert (back.epochs, back.progressive) == (1.5, ((20, 0.3), (26, 0.6)))
    assert back.model.arguments == {"depth": 3, "widths": [1, 2]}
    assert back.model_fields_set == set(Recipe.model_fields)


def test_words_that_look_like_numbers_to_base_60_go_through_yaml_and_back(tmp_path: Path) -> None:
    recipe = make_recipe({"classes": ["12:30", "24:0.6", "-1:5:07"], "lr": "auto"})
    write_recipe(tmp_path / "recipe.yaml", recipe)
    assert make_recipe(read_recipe(tmp_path / "recipe.yaml")) == recipe
    text = "progressive: 24:0.6\nclasses: [12:30, a]\n"
    found = make_recipe(read_recipe(written(tmp_path, text)))
    assert (found.progressive, found.classes) == (((24, 0.6),), ("12:30", "a"))


def test_a_name_with_a_control_character_goes_through_yaml_and_back(tmp_path: Path) -> None:
    recipe = make_recipe({"classes": ["a\x85b", "a\x07b", "a\rb"]})
    write_recipe(tmp_path / "recipe.yaml", recipe)
    assert make_recipe(read_recipe(tmp_path / "recipe.yaml")) == recipe


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))


@given(
    names=st.lists(TEXT, min_size=2, max_size=4),
    lr=st.floats(1e-12, 1e6),
    seed=st.integers(-(2**63), 2**63),
    option=st.one_of(st.booleans(), st.integers(), TEXT),
)
@settings(max_examples=60, deadline=None)
def test_any_recipe_goes_through_yaml_and_back(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    lr: float,
    seed: int,
    option: bool | int | str,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-recipe.yaml"
    recipe = make_recipe(
        {"classes": names, "lr": lr, "seed": seed, "data_options": {"a": option}, "data": names[0]}
    )
    write_recipe(path, recipe)
    back = make_recipe(read_recipe(path))
    assert back == recipe
    assert type(back.data_options["a"]) is type(option)


def test_a_recipe_without_a_schema_is_read_as_of_today(tmp_path: Path) -> None:
    assert read_recipe(written(tmp_path, "epochs: 5\n")) == {"epochs": 5}


@pytest.mark.parametrize("version", [0, SCHEMA + 1, "new"])
def test_another_schema_is_refused(tmp_path: Path, version: Any) -> None:
    path = written(tmp_path, f"schema: {version}\nepochs: 5\n")
    with pytest.raises(
        UsageError, match=f"schema {version}; this version .* reads schema {SCHEMA}"
    ):
        read_recipe(path)


@pytest.mark.parametrize("text", ["epochs: [1", "a: b: c", "\tx: 1", "data: 2024-99-99", "a: \0"])
def test_broken_yaml_is_refused_in_one_line_with_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"recipe\.yaml: cannot be read as a recipe") as caught:
        read_recipe(written(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n- b", "just text", "3: 4"])
def test_yaml_that_is_no_mapping_of_settings_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="a recipe is a mapping of settings"):
        read_recipe(written(tmp_path, text))


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfd")
    for name in ("none.yaml", "bytes.yaml", "."):
        with pytest.raises(UsageError, match="cannot be read as a recipe"):
            read_recipe(tmp_path / name)


def test_yaml_that_would_run_code_is_refused(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    text = f"data: !!python/object/apply:pathlib.Path.touch [!!python/name:x {proof}]\n"
    with pytest.raises(UsageError, match="cannot be read as a recipe"):
        read_recipe(written(tmp_path, text))
    assert not proof.exists()


def test_settings_nested_without_end_are_refused(tmp_path: Path) -> None:
    deep = "[" * 100_000
    with pytest.raises(UsageError, match="cannot be read"):
        parse_assignments([f"lr={deep}"])
    (tmp_path / "deep.yaml").write_text(f"lr: {deep}")
    with pytest.raises(UsageError, match=r"deep\.yaml: cannot be read"):
        read_recipe(tmp_path / "deep.yaml")
