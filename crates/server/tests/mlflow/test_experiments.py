"""Experiments: made, found, listed, renamed, tagged, deleted and restored."""

import mlflow
from mlflow.entities import ViewType
from world import equal, refused


def test_experiment_zero_is_called_default(world):
    experiment = world.client.get_experiment("0")
    equal((experiment.name, experiment.lifecycle_stage), ("Default", "active"))
    equal(world.client.get_experiment_by_name("Default").experiment_id, "0")


def test_an_experiment_comes_back_as_it_was_made(world):
    name = world.name("made")
    made = world.client.create_experiment(name, tags={"team": "vision", "note": "two words"})
    got = world.client.get_experiment(made)
    equal((got.name, got.experiment_id, got.lifecycle_stage), (name, made, "active"))
    equal({key: got.tags[key] for key in ("team", "note")}, {"team": "vision", "note": "two words"})
    assert got.creation_time > 1_600_000_000_000 and got.last_update_time >= got.creation_time
    assert got.artifact_location.endswith(f"/{made}"), got.artifact_location
    equal(world.client.get_experiment_by_name(name).experiment_id, made)
    equal(world.client.get_experiment_by_name(name + " not"), None)


def test_an_artifact_location_given_is_kept(world):
    place = (world.folder / "elsewhere").as_uri()
    made = world.client.create_experiment(world.name(), artifact_location=place)
    got = world.client.get_experiment(made)
    equal(got.artifact_location, place)
    assert not [key for key in got.tags if "artifact" in key], got.tags
    run = world.client.create_run(made)
    equal(run.info.artifact_uri, f"{place}/{run.info.run_id}/artifacts")


def test_a_name_is_taken_once_and_stays_taken_when_deleted(world):
    name = world.name()
    made = world.client.create_experiment(name)
    start = f"Experiment(name={name}) already exists."
    refused("RESOURCE_ALREADY_EXISTS", lambda: world.client.create_experiment(name), start)
    world.client.delete_experiment(made)
    refused("RESOURCE_ALREADY_EXISTS", lambda: world.client.create_experiment(name), start)
    equal(world.client.get_experiment_by_name(name).lifecycle_stage, "deleted")


def test_set_experiment_makes_it_or_takes_it_and_refuses_a_deleted_one(world):
    name = world.name()
    made = mlflow.set_experiment(name)
    equal(mlflow.set_experiment(name).experiment_id, made.experiment_id)
    equal(mlflow.set_experiment(experiment_id=made.experiment_id).name, name)
    mlflow.delete_experiment(made.experiment_id)
    try:
        mlflow.set_experiment(name)
    except mlflow.MlflowException as error:
        assert "deleted experiment" in str(error), error
    else:
        raise AssertionError("a deleted experiment was made the active one")


def test_deleted_restored_renamed(world):
    made = world.client.create_experiment(world.name())
    run = world.run(made)
    world.client.delete_experiment(made)
    equal(world.client.get_experiment(made).lifecycle_stage, "deleted")
    equal(world.client.get_run(run).info.lifecycle_stage, "deleted")
    state = f"The experiment {made} must be in the 'active' state. Current state is deleted."
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.create_run(made), state)
    refused("INVALID_PARAMETER_VALUE", lambda: world.client.set_experiment_tag(made, "a", "b"), "must be in the 'active'")
    world.client.restore_experiment(made)
    equal(world.client.get_experiment(made).lifecycle_stage, "active")
    equal(world.client.get_run(run).info.lifecycle_stage, "active")
    name = world.name("renamed")
    world.client.rename_experiment(made, name)
    equal(world.client.get_experiment(made).name, name)


def test_tags_are_set_replaced_and_deleted(world):
    made = world.experiment()
    world.client.set_experiment_tag(made, "stage", "one")
    mlflow.set_experiment_tags({"stage": "two", "other/key": "x"})
    tags = world.client.get_experiment(made).tags
    equal((tags["stage"], tags["other/key"]), ("two", "x"))
    if hasattr(world.client, "delete_experiment_tag"):
        world.client.delete_experiment_tag(made, "stage")
        assert "stage" not in world.client.get_experiment(made).tags
        refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.delete_experiment_tag(made, "stage"))


def test_search_by_name_tag_and_time_in_order_and_by_pages(world):
    word = world.name("search")
    ids = [world.client.create_experiment(f"{word}-{number}", tags={"n": str(number % 2)}) for number in range(5)]
    found = lambda **how: [each.experiment_id for each in world.client.search_experiments(**how)]
    mine = f"name LIKE '{word}-%'"
    equal(found(filter_string=mine, order_by=["name"]), ids)
    equal(found(filter_string=mine, order_by=["name DESC"]), ids[::-1])
    equal(found(filter_string=f"name ILIKE '{word.upper()}-3'"), [ids[3]])
    equal(found(filter_string=f"{mine} AND tags.n = '1'", order_by=["experiment_id ASC"]), [ids[1], ids[3]])
    equal(sorted(found(filter_string=f"{mine} AND tags.n != '1'")), sorted([ids[0], ids[2], ids[4]]))
    created = world.client.get_experiment(ids[0]).creation_time
    equal(len(found(filter_string=f"{mine} AND creation_time >= {created}")), 5)
    first = world.client.search_experiments(filter_string=mine, order_by=["name"], max_results=2)
    second = world.client.search_experiments(
        filter_string=mine, order_by=["name"], max_results=2, page_token=first.token
    )
    third = world.client.search_experiments(
        filter_string=mine, order_by=["name"], max_results=2, page_token=second.token
    )
    equal([each.experiment_id for page in (first, second, third) for each in page], ids)
    equal(third.token or None, None)


def test_search_sees_what_the_view_asks_for(world):
    word = world.name("view")
    kept, gone = (world.client.create_experiment(f"{word}-{end}") for end in "ab")
    world.client.delete_experiment(gone)
    for view, wanted in (
        (ViewType.ACTIVE_ONLY, [kept]),
        (ViewType.DELETED_ONLY, [gone]),
        (ViewType.ALL, [kept, gone]),
    ):
        found = world.client.search_experiments(view, filter_string=f"name LIKE '{word}%'", order_by=["name"])
        equal([each.experiment_id for each in found], wanted)


def test_what_is_wrong_is_refused_in_the_words_of_the_interface(world):
    client = world.client
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_experiment("987654321"), "No Experiment with id=987654321 exists")
    refused("INVALID_PARAMETER_VALUE", lambda: client.get_experiment("abc"), "'abc'")
    refused("INVALID_PARAMETER_VALUE", lambda: client.search_experiments(filter_string="name = 'a' OR name = 'b'"))
    refused("INVALID_PARAMETER_VALUE", lambda: client.search_experiments(filter_string="nonsense = 'a'"), "nonsense")
    refused("INVALID_PARAMETER_VALUE", lambda: client.search_experiments(order_by=["tags.a"]), "Invalid order_by entity")
    refused("INVALID_PARAMETER_VALUE", lambda: client.search_experiments(max_results=50_001))
    status, body = world.call("POST", "/api/2.0/mlflow/experiments/create", {"name": ""})
    equal((status, body["error_code"]), (400, "INVALID_PARAMETER_VALUE"))
    status, body = world.call("POST", "/api/2.0/mlflow/experiments/create", {"name": "x" * 501})
    equal((status, body["error_code"]), (400, "INVALID_PARAMETER_VALUE"))


def test_the_client_s_command_line_makes_renames_deletes_and_restores(world):
    from click.testing import CliRunner
    from mlflow import experiments

    def run(*words):
        done = CliRunner().invoke(experiments.commands, list(words))
        equal((done.exit_code, done.exception), (0, None))

    name = world.name("by-hand")
    run("create", "--experiment-name", name)
    made = world.client.get_experiment_by_name(name).experiment_id
    run("rename", "-x", made, "--new-name", name + "-2")
    equal(world.client.get_experiment(made).name, name + "-2")
    run("delete", "-x", made)
    equal(world.client.get_experiment(made).lifecycle_stage, "deleted")
    run("restore", "-x", made)
    equal(world.client.get_experiment(made).lifecycle_stage, "active")
