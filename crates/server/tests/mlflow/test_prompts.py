"""Prompts, which ride on the registry."""

import mlflow
from world import equal


def test_a_prompt_is_registered_loaded_and_searched(world):
    name = world.name("prompt")
    first = mlflow.genai.register_prompt(name, "Summarize {{text}}", commit_message="begin", tags={"lang": "en"})
    second = mlflow.genai.register_prompt(name, "Summarize {{text}} in {{count}} words")
    equal((first.version, second.version), (1, 2))
    loaded = mlflow.genai.load_prompt(f"prompts:/{name}/1")
    equal((loaded.template, loaded.commit_message, loaded.tags["lang"]), ("Summarize {{text}}", "begin", "en"))
    equal(loaded.format(text="it"), "Summarize it")
    equal(mlflow.genai.load_prompt(name, version=2).variables, {"text", "count"})
    found = [each.name for each in mlflow.genai.search_prompts(f"name = '{name}'")]
    equal(found, [name])
    equal(mlflow.genai.load_prompt("prompts:/no-such-prompt/1", allow_missing=True), None)


def test_aliases_of_prompts(world):
    name = world.name("prompt")
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    mlflow.genai.set_prompt_alias(name, "production", 1)
    equal(mlflow.genai.load_prompt(f"prompts:/{name}@production").template, "one")
    equal(mlflow.genai.load_prompt(f"prompts:/{name}@latest").template, "two")
    mlflow.genai.delete_prompt_alias(name, "production")
    try:
        loaded = mlflow.genai.load_prompt(f"prompts:/{name}@production", cache_ttl_seconds=0) if takes_cache() else (
            mlflow.genai.load_prompt(f"prompts:/{name}@production")
        )
    except mlflow.MlflowException:
        return
    raise AssertionError(f"an alias that was deleted gives {loaded}")


def takes_cache():
    import inspect

    return "cache_ttl_seconds" in inspect.signature(mlflow.genai.load_prompt).parameters


def test_tags_and_versions_of_prompts_are_changed_and_deleted(world):
    name = world.name("prompt")
    client = world.client
    mlflow.genai.register_prompt(name, "one")
    mlflow.genai.register_prompt(name, "two")
    client.set_prompt_tag(name, "owner", "me")
    equal(client.get_prompt(name).tags["owner"], "me")
    client.delete_prompt_tag(name, "owner")
    assert "owner" not in client.get_prompt(name).tags
    client.set_prompt_version_tag(name, "1", "reviewed", "yes")
    equal(client.get_prompt_version(name, "1").tags["reviewed"], "yes")
    client.delete_prompt_version_tag(name, "1", "reviewed")
    assert "reviewed" not in client.get_prompt_version(name, "1").tags
    # The older client knows it for another registry alone.
    if mlflow.__version__ != "3.6.0":
        equal(sorted(each.version for each in client.search_prompt_versions(name)), [1, 2])


def test_a_chat_prompt_and_a_prompt_used_in_a_run(world):
    world.experiment()
    name = world.name("chat")
    template = [{"role": "system", "content": "be {{style}}"}, {"role": "user", "content": "{{question}}"}]
    prompt = mlflow.genai.register_prompt(name, template)
    with mlflow.start_run() as run:
        loaded = mlflow.genai.load_prompt(f"prompts:/{name}/{prompt.version}")
    equal(loaded.template, template)
    equal(loaded.format(style="brief", question="why?")[0]["content"], "be brief")
    linked = mlflow.get_run(run.info.run_id).data.tags.get("mlflow.linkedPrompts", "[]")
    assert name in linked, linked
