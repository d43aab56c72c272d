"""The model registry: models, versions, stages, aliases, tags, searches, and loading through it."""

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from test_models import classifier
from world import equal, refused


def versions(world, count=3, name=None):
    name = name or world.name("model")
    world.client.create_registered_model(name)
    for number in range(count):
        world.client.create_model_version(name, f"s3://bucket/nothing/{number}")
    return name


def test_a_model_comes_back_as_it_was_made_and_is_changed(world):
    name = world.name()
    made = world.client.create_registered_model(name, {"a": "1"}, "first words")
    equal((made.name, made.tags, made.description), (name, {"a": "1"}, "first words"))
    world.client.update_registered_model(name, "other words")
    world.client.set_registered_model_tag(name, "a", "2")
    world.client.set_registered_model_tag(name, "b", "3")
    world.client.delete_registered_model_tag(name, "b")
    got = world.client.get_registered_model(name)
    equal((got.description, got.tags), ("other words", {"a": "2"}))
    assert got.last_updated_timestamp >= got.creation_timestamp > 1_600_000_000_000
    renamed = name + "-new"
    world.client.rename_registered_model(name, renamed)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.get_registered_model(name), f"Registered Model with name={name} not found")
    equal(world.client.get_registered_model(renamed).tags, {"a": "2"})
    world.client.delete_registered_model(renamed)
    refused("RESOURCE_DOES_NOT_EXIST", lambda: world.client.get_registered_model(renamed))
    world.client.create_registered_model(renamed)


def test_names_are_taken_once_and_checked(world):
    name = versions(world, 0)
    make = world.client.create_registered_model
    refused("RESOURCE_ALREADY_EXISTS", lambda: make(name), f"Registered Model (name={name}) already exists.")
    for wrong in ("a/b", "a:b", ""):
        status, answer = world.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": wrong})
        assert status >= 400, (wrong, status, answer)
        if world.speaks_as_newest:
            equal((wrong, status, answer["error_code"]), (wrong, 400, "INVALID_PARAMETER_VALUE"))
    other = versions(world, 0)
    refused("RESOURCE_ALREADY_EXISTS", lambda: world.client.rename_registered_model(other, name))


def test_versions_are_numbered_changed_and_deleted(world):
    name = versions(world)
    client = world.client
    got = client.get_model_version(name, "2")
    equal((got.name, str(got.version), got.source, got.status), (name, "2", "s3://bucket/nothing/1", "READY"))
    equal((got.current_stage, got.description or None), ("None", None))
    client.update_model_version(name, "2", "about it")
    client.set_model_version_tag(name, "2", "k", "v")
    client.set_model_version_tag(name, version="2", key="gone", value="v")
    client.delete_model_version_tag(name, "2", "gone")
    got = client.get_model_version(name, "2")
    equal((got.description, got.tags), ("about it", {"k": "v"}))
    equal(client.get_model_version_download_uri(name, "2"), "s3://bucket/nothing/1")
    client.delete_model_version(name, "3")
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_model_version(name, "3"), f"Model Version (name={name}, version=3) not found")
    made = client.create_model_version(name, "s3://bucket/nothing/x")
    assert int(made.version) in (3, 4), made.version
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_model_version(name, "99"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.create_model_version("nobody-has-this", "s3://bucket/a"))
    assert isinstance(made, ModelVersion)


def test_aliases(world):
    name = versions(world)
    client = world.client
    client.set_registered_model_alias(name, "champion", "1")
    equal(str(client.get_model_version_by_alias(name, "champion").version), "1")
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "other", "2")
    equal(str(client.get_model_version_by_alias(name, "champion").version), "2")
    equal(sorted(client.get_model_version(name, "2").aliases), ["champion", "other"])
    equal({alias: str(version) for alias, version in client.get_registered_model(name).aliases.items()}, {"champion": "2", "other": "2"})
    client.delete_registered_model_alias(name, "other")
    refused("INVALID_PARAMETER_VALUE", lambda: client.get_model_version_by_alias(name, "other"), "Registered model alias other not found.")
    for wrong in ("latest", "Latest", "v1", "V22", "a b", "x" * 256):
        refused("INVALID_PARAMETER_VALUE", lambda: client.set_registered_model_alias(name, wrong, "1"))
    refused("RESOURCE_DOES_NOT_EXIST", lambda: client.set_registered_model_alias(name, "ok", "99"))
    client.delete_model_version(name, "2")
    # An older stock server keeps the alias of a version that is gone.
    if world.speaks_as_newest:
        equal(client.get_registered_model(name).aliases, {})


def test_stages(world):
    name = versions(world)
    client = world.client
    moved = client.transition_model_version_stage(name, "1", "Staging")
    equal(moved.current_stage, "Staging")
    client.transition_model_version_stage(name, "2", "staging")
    equal(client.get_model_version(name, "1").current_stage, "Staging")
    client.transition_model_version_stage(name, "3", "Production")
    latest = {each.current_stage: str(each.version) for each in client.get_latest_versions(name)}
    equal(latest, {"Staging": "2", "Production": "3"})
    equal([str(each.version) for each in client.get_latest_versions(name, ["Production"])], ["3"])
    client.transition_model_version_stage(name, "1", "Production", archive_existing_versions=True)
    equal(client.get_model_version(name, "3").current_stage, "Archived")
    equal(client.get_model_version(name, "1").current_stage, "Production")
    refused("INVALID_PARAMETER_VALUE", lambda: client.transition_model_version_stage(name, "1", "nonsense"), "Invalid Model Version stage")
    equal(client.get_model_version_stages(name, "1"), ["None", "Staging", "Production", "Archived"])


def test_models_are_searched(world):
    word = world.name("find")
    for number in range(5):
        world.client.create_registered_model(f"{word}-{number}", {"parity": str(number % 2)})
    find = lambda filter, **how: [int(each.name[-1]) for each in world.client.search_registered_models(filter, **how)]
    mine = f"name LIKE '{word}-%'"
    equal(find(mine), [0, 1, 2, 3, 4])
    equal(find(mine, order_by=["name DESC"]), [4, 3, 2, 1, 0])
    equal(find(f"name = '{word}-3'"), [3])
    equal(find(f"name ILIKE '{word.upper()}%' AND tags.parity = '1'"), [1, 3])
    equal(find(mine, order_by=["last_updated_timestamp ASC"]), [0, 1, 2, 3, 4])
    world.client.set_registered_model_tag(f"{word}-0", "x", "y")
    equal(find(f"{mine} AND tags.x = 'y'"), [0])
    first = world.client.search_registered_models(mine, max_results=3)
    second = world.client.search_registered_models(mine, max_results=3, page_token=first.token)
    equal((len(first), [each.name[-1] for each in second], second.token or None), (3, ["3", "4"], None))
    refused("INVALID_PARAMETER_VALUE", lambda: find("nonsense = 'x'"))
    refused("INVALID_PARAMETER_VALUE", lambda: find(mine, order_by=["nonsense"]))
    refused("INVALID_PARAMETER_VALUE", lambda: find("name = 'a' OR name = 'b'"))


def test_versions_are_searched(world):
    name = world.name("find")
    run = world.run()
    world.client.create_registered_model(name)
    for number in range(4):
        world.client.create_model_version(name, f"s3://bucket/s{number}", run if number == 2 else None, {"n": str(number)})
    find = lambda filter, **how: [int(each.version) for each in world.client.search_model_versions(filter, **how)]
    mine = f"name = '{name}'"
    equal(find(mine), [4, 3, 2, 1])
    equal(find(mine, order_by=["version_number ASC"]), [1, 2, 3, 4])
    equal(find(f"run_id = '{run}'"), [3])
    equal(find(f"{mine} AND tags.n = '1'"), [2])
    equal(find(f"{mine} AND source_path = 's3://bucket/s3'"), [4])
    equal(find(f"run_id IN ('{run}', 'other') AND {mine}"), [3])
    first = world.client.search_model_versions(mine, max_results=3)
    second = world.client.search_model_versions(mine, max_results=3, page_token=first.token)
    equal(([int(each.version) for each in first], [int(each.version) for each in second]), ([4, 3, 2], [1]))
    refused("INVALID_PARAMETER_VALUE", lambda: find("nonsense = 'x'"))


def test_a_model_is_registered_and_loaded_by_version_alias_and_stage(world):
    world.experiment()
    name = world.name("iris")
    model, rows = classifier()
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="model", registered_model_name=name)
    equal(str(info.registered_model_version), "1")
    again = mlflow.register_model(info.model_uri, name, tags={"from": "uri"})
    equal((str(again.version), again.tags["from"], again.run_id), ("2", "uri", run.info.run_id))
    world.client.set_registered_model_alias(name, "best", "1")
    world.client.transition_model_version_stage(name, "1", "Production")
    wanted = model.predict(rows).tolist()
    for uri in (f"models:/{name}/1", f"models:/{name}@best", f"models:/{name}/Production", f"models:/{name}/latest"):
        equal(mlflow.pyfunc.load_model(uri).predict(rows).tolist(), wanted)
    copied = world.client.copy_model_version(f"models:/{name}/1", name + "-copy")
    equal((copied.name, str(copied.version)), (name + "-copy", "1"))
    equal(mlflow.sklearn.load_model(f"models:/{name}-copy/1").predict(rows).tolist(), wanted)
    equal(mlflow.get_logged_model(info.model_id).tags.get("mlflow.modelVersions") is not None, True)
    equal(MlflowClient(world.uri).get_model_version(name, "1").run_id, run.info.run_id)


def test_prompts_do_not_stand_among_models(world):
    name = world.name("prompt")
    mlflow.genai.register_prompt(name, "Say {{word}}")
    equal(list(world.client.search_registered_models(f"name = '{name}'")), [])
    equal(list(world.client.search_model_versions(f"name = '{name}'")), [])
