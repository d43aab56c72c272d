//! Models, their versions, aliases and stages.

use mltrack_event::{ModelAliasSet, ModelStageMoved, ModelVersionEdited};

use crate::support::{World, by, model, model_id, model_version};

fn alias(name: &str, number: Option<u64>) -> ModelAliasSet {
    let (actor, command) = by();
    ModelAliasSet {
        model: model_id(1),
        alias: name.into(),
        number,
        actor,
        command,
    }
}

#[test]
fn an_alias_leads_to_one_version_until_it_is_moved_or_removed() {
    let mut world = World::new();
    world.add(model(1, "resnet"));
    world.add(model_version(1, 1));
    world.add(model_version(1, 2));
    world.add(alias("prod", Some(1)));
    world.add(alias("prod", Some(2)));
    world.add(alias("prod", Some(9)));
    let resnet = world.things.model_named("resnet").unwrap();
    assert_eq!(resnet.aliases["prod"], 2);
    world.add(alias("prod", None));
    world.add(alias("prod", None));
    assert!(
        world
            .things
            .model_named("resnet")
            .unwrap()
            .aliases
            .is_empty()
    );
    assert_eq!(world.odd(), (1, 1));
}

#[test]
fn every_move_from_stage_to_stage_is_kept() {
    let mut world = World::new();
    world.add(model(1, "resnet"));
    world.add(model_version(1, 1));
    assert_eq!(
        world.things.model_version(model_id(1), 1).unwrap().stage,
        "None"
    );
    let (actor, command) = by();
    for (from, to) in [("None", "Staging"), ("Staging", "Production")] {
        world.add(ModelStageMoved {
            model: model_id(1),
            number: 1,
            from: from.into(),
            to: to.into(),
            actor: actor.clone(),
            command: command.clone(),
        });
    }
    let version = world.things.model_version(model_id(1), 1).unwrap();
    assert_eq!(version.stage, "Production");
    let moves: Vec<_> = version
        .stage_history
        .iter()
        .map(|step| step.to.as_str())
        .collect();
    assert_eq!(moves, ["Staging", "Production"]);
}

#[test]
fn an_empty_semantic_version_takes_it_away() {
    let mut world = World::new();
    world.add(model(1, "resnet"));
    let mut added = model_version(1, 1);
    added.version = Some("1.0.0".into());
    world.add(added);
    let (actor, command) = by();
    world.add(ModelVersionEdited {
        model: model_id(1),
        number: 1,
        description: Some("the first".into()),
        version: Some(String::new()),
        set: Vec::new(),
        remove: Vec::new(),
        actor,
        command,
    });
    let version = world.things.model(model_id(1)).unwrap().version(1).unwrap();
    assert_eq!(
        (version.version.as_deref(), version.description.as_str()),
        (None, "the first")
    );
}
