//! What depends on what: the edges that follow from what was logged, and walks along them.

use mltrack_event::{ArtifactsPurged, EdgeKind, LineageUnlinked, NodeRef, RunCreated, RunDeleted};
use mltrack_projector_lineage::{NodeKind, NodeState, Reach, Way};

use crate::support::{
    EXPERIMENT, World, artifact_id, artifact_used, by, dataset, dataset_id, dataset_used,
    dataset_version, linked, model, model_id, model_version, run_created, run_key, run_purged,
};

const RAW: NodeRef = NodeRef::DatasetVersion(dataset_id(1), 1);
const CLEAN: NodeRef = NodeRef::DatasetVersion(dataset_id(2), 1);
const MODEL: NodeRef = NodeRef::ModelVersion(model_id(1), 1);

fn run(number: u64) -> NodeRef {
    NodeRef::Run(run_key(number))
}

/// Run 1 makes `clean` of `raw`; run 2 trains on it and makes an artifact, from which a model is registered, which
/// run 3 takes in with the artifact.
fn world() -> World {
    let mut world = World::new();
    world.add(dataset(1, "raw"));
    world.add(dataset_version(1, 1));
    world.run(1);
    world.add(dataset_used(run_key(1), 1, 1));
    world.add(dataset(2, "clean"));
    let mut clean = dataset_version(2, 1);
    clean.run = Some(run_key(1));
    clean.parents = vec![(dataset_id(1), 1)];
    clean.transformation = Some("deduplicate".into());
    world.add(clean);
    world.run(2);
    world.add(dataset_used(run_key(2), 2, 1));
    world.artifact(run_key(2), 1, "model.pt");
    world.add(model(1, "resnet"));
    let mut version = model_version(1, 1);
    version.run = Some(run_key(2));
    version.artifacts = vec![artifact_id(1)];
    world.add(version);
    world.run(3);
    world.add(artifact_used(run_key(3), 1));
    world
}

fn names(world: &World, root: &NodeRef, way: Way, depth: u32) -> Vec<(u32, String)> {
    let reach = Reach {
        depth,
        ..Reach::ALL
    };
    let walk = world.things.walk(root, &[way], reach);
    let nodes = walk.nodes.iter();
    nodes
        .map(|step| {
            let name = world.things.describe(&step.node);
            (step.depth, format!("{} {}", name.kind, name.name))
        })
        .collect()
}

#[test]
fn what_something_was_made_of_is_found_step_by_step() {
    let world = world();
    let key = |number| run_key(number).short();
    let up = names(&world, &MODEL, Way::Up, 3);
    let expected = [
        (0, "model_version resnet v1".to_owned()),
        (1, "model resnet".into()),
        (1, format!("run run-2 ({})", key(2))),
        (1, format!("artifact {}/model.pt", key(2))),
        (2, "experiment resnet".into()),
        (2, "dataset_version clean v1".into()),
        (3, "dataset clean".into()),
        (3, format!("run run-1 ({})", key(1))),
        (3, "dataset_version raw v1".into()),
        (3, "transformation deduplicate".into()),
    ];
    assert_eq!(up, expected);
    assert_eq!(names(&world, &MODEL, Way::Up, 1).len(), 4);
    assert_eq!(names(&world, &MODEL, Way::Up, 0).len(), 1);
}

#[test]
fn edges_run_in_the_direction_of_the_data_with_their_kinds() {
    let world = world();
    let things = &world.things;
    assert_eq!(
        things.neighbours(&RAW, Way::Down),
        [
            (run(1), EdgeKind::UsesDataset),
            (CLEAN, EdgeKind::DerivedFrom)
        ]
    );
    assert_eq!(
        things.neighbours(&run(2), Way::Down),
        [
            (NodeRef::Artifact(artifact_id(1)), EdgeKind::Produces),
            (MODEL, EdgeKind::Produces)
        ]
    );
    assert_eq!(
        things.neighbours(&NodeRef::Artifact(artifact_id(1)), Way::Down),
        [
            (MODEL, EdgeKind::DerivedFrom),
            (run(3), EdgeKind::UsesArtifact)
        ]
    );
    assert_eq!(things.neighbours(&run(9), Way::Up), []);
    let walk = things.walk(&CLEAN, &[Way::Up, Way::Down], Reach::ALL);
    for edge in &walk.edges {
        let ends = [edge.from, edge.to].map(|place| walk.nodes[place as usize].node.clone());
        let down = things.neighbours(&ends[0], Way::Down);
        assert!(down.contains(&(ends[1].clone(), edge.kind)), "{edge:?}");
    }
    let all = things.graph_size().edges;
    assert_eq!(
        (walk.edges.len(), all),
        (12, 15),
        "others of its experiment, and its other parents, are aside"
    );
}

#[test]
fn what_is_affected_is_counted_by_kind_and_each_has_a_shortest_path() {
    let mut world = world();
    let impact = world.things.impact(&RAW, usize::MAX);
    let count = |kind| impact.count(kind);
    assert_eq!((count(NodeKind::Run), count(NodeKind::Model)), (3, 1));
    assert_eq!(
        (count(NodeKind::Dataset), count(NodeKind::DatasetVersion)),
        (1, 1)
    );
    assert_eq!(
        (count(NodeKind::Artifact), count(NodeKind::Experiment)),
        (1, 0)
    );
    let place = impact.walk.nodes.iter().position(|step| step.node == MODEL);
    let path = impact.path_to(place.unwrap() as u32);
    let path: Vec<&NodeRef> = path
        .iter()
        .map(|place| &impact.walk.nodes[*place as usize].node)
        .collect();
    assert_eq!(path, [&RAW, &CLEAN, &run(2), &MODEL]);
    let (actor, command) = by();
    world.add(RunDeleted {
        run: run_key(3),
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(ArtifactsPurged {
        artifacts: vec![artifact_id(1)],
        actor,
        command,
    });
    let impact = world.things.impact(&RAW, usize::MAX);
    assert_eq!((impact.count(NodeKind::Run), impact.absent), (2, 2));
}

#[test]
fn a_cycle_ends_where_it_began_and_hides_nothing() {
    let mut world = World::new();
    for number in 1..=3 {
        world.run(number);
    }
    for (from, to) in [(1, 2), (2, 1), (2, 3), (1, 1)] {
        world.add(linked(run(from), run(to), EdgeKind::Reproduces));
    }
    let walk = world
        .things
        .walk(&run(1), &[Way::Up, Way::Down], Reach::ALL);
    let met: Vec<_> = walk.nodes.iter().map(|step| step.node.clone()).collect();
    assert_eq!(
        met,
        [run(1), NodeRef::Experiment(EXPERIMENT), run(2), run(3)]
    );
    assert_eq!(walk.edges.len(), 6);
}

#[test]
fn an_experiment_shows_its_runs_with_what_they_took_and_made() {
    let world = world();
    let walk = world.things.graph_of_experiment(EXPERIMENT, usize::MAX);
    assert_eq!(walk.nodes[0].node, NodeRef::Experiment(EXPERIMENT));
    let has = |node: NodeRef| walk.nodes.iter().any(|step| step.node == node);
    assert!(
        [run(1), run(2), run(3), RAW, CLEAN, MODEL]
            .into_iter()
            .all(has)
    );
    let derived = walk
        .edges
        .iter()
        .filter(|edge| edge.kind == EdgeKind::DerivedFrom);
    assert_eq!(
        derived.count(),
        2,
        "edges between what they took and made are shown"
    );
    assert!(!walk.is_cut);
    let cut = world.things.graph_of_experiment(EXPERIMENT, 3);
    assert!(cut.is_cut && cut.nodes.len() == 3);
}

#[test]
fn a_limit_cuts_the_answer_and_says_so() {
    let world = world();
    let reach = Reach {
        limit: 2,
        ..Reach::ALL
    };
    let walk = world.things.walk(&RAW, &[Way::Down], reach);
    assert!(walk.is_cut && walk.nodes.len() == 2 && walk.edges.len() == 1);
}

#[test]
fn who_is_gone_stays_in_the_graph_while_others_name_it() {
    let mut world = world();
    assert!(world.things.graph_size().bytes > 0);
    world.add(run_purged(1));
    assert_eq!(world.things.state_of(&run(1)), NodeState::Gone);
    let up = world.things.neighbours(&CLEAN, Way::Up);
    assert!(up.contains(&(run(1), EdgeKind::Produces)));
    assert!(world.things.neighbours(&run(1), Way::Up).is_empty());
}

#[test]
fn a_run_contains_its_parts_and_a_link_goes_when_it_is_taken_back() {
    let mut world = world();
    assert!(world.things.graph_size().bytes > 0);
    world.add(RunCreated {
        parent: Some(run_key(3)),
        ..run_created(4)
    });
    assert_eq!(
        world.things.neighbours(&run(4), Way::Up)[1],
        (run(3), EdgeKind::Contains)
    );
    let paper = NodeRef::External("https://example.org/paper".into());
    world.add(linked(MODEL, paper.clone(), EdgeKind::DerivedFrom));
    assert_eq!(world.things.neighbours(&paper, Way::Up).len(), 1);
    let (actor, command) = by();
    world.add(LineageUnlinked {
        from: MODEL,
        to: paper.clone(),
        kind: EdgeKind::DerivedFrom,
        actor,
        command,
    });
    assert_eq!(world.things.neighbours(&paper, Way::Up).len(), 0);
}
