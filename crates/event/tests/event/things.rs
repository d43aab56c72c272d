//! Artifacts, environments, datasets, models and lineage: samples for the golden files, and any event.
//!
//! Invariants: one function builds an event from a [`Draw`], which either tells what the golden files hold or draws by
//! chance; what is drawn for a sample never changes.

use mltrack_event::*;
use proptest::prelude::*;

use crate::draw::Draw;

pub fn dataset() -> DatasetId {
    DatasetId::from_bytes([0xda; 16])
}

pub fn model() -> ModelId {
    ModelId::from_bytes([0x0d; 16])
}

/// As many samples as the largest enum of the type has variants.
pub fn samples(type_id: TypeId) -> Vec<Event> {
    let count = match type_id {
        TypeId::LINEAGE_LINKED => 10,
        TypeId::ARTIFACT_LOGGED => 8,
        TypeId::DATASET_USED => 4,
        TypeId::ENVIRONMENT_CAPTURED => 3,
        _ => 2,
    };
    (0..count)
        .map(|number| build(type_id, &mut Draw::Sample(number)))
        .collect()
}

pub fn event(type_id: TypeId) -> BoxedStrategy<Event> {
    Just(())
        .prop_perturb(move |(), rng| build(type_id, &mut Draw::Chance(Box::new(rng))))
        .boxed()
}

/// Builds an event whose fields are drawn in the order they are written in, and ends it with who and by what.
macro_rules! made {
    ($draw:ident, $event:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $event {
            $($field: $value,)*
            actor: $draw.text("ada"),
            command: $draw.text("mltrack dataset add"),
        }
        .into()
    };
}

fn build(type_id: TypeId, draw: &mut Draw) -> Event {
    match type_id.0 {
        0x50..=0x7F => of_artifact(type_id, draw),
        0x80..=0x9F => of_dataset(type_id, draw),
        0xA0..=0xA7 => of_model(type_id, draw),
        0xB0..=0xBF => of_document(type_id, draw),
        _ => of_registry_and_lineage(type_id, draw),
    }
}

fn of_artifact(type_id: TypeId, d: &mut Draw) -> Event {
    match type_id {
        TypeId::ENVIRONMENT_CAPTURED => made!(
            d,
            EnvironmentCaptured {
                run: d.run(),
                reproducible: [Reproducible::Full, Reproducible::Partial, Reproducible::No]
                    [d.below(3)],
                summary: d.many(|d, at| {
                    (
                        d.text(["git.commit", "os.name"][usize::from(at)]),
                        d.text("linux"),
                    )
                }),
                documents: d.many(|d, at| {
                    (
                        d.text(["environment", "patch"][usize::from(at)]),
                        d.artifact(at),
                    )
                }),
                left_out: d.texts([".env: looks like a secret", "data.bin: larger than 1 MiB"]),
            }
        ),
        TypeId::ARTIFACT_LOGGED => made!(
            d,
            ArtifactLogged {
                artifact: d.artifact(0xa1),
                run: d.run(),
                path: d.text("ckpt/model.pt"),
                kind: d.kind(),
                media_type: d.text("application/octet-stream"),
                len: d.number(1 << 33),
                blob: d.blob(0xb1),
                root: [Root::Artifacts, Root::Data][d.below(2)],
                step: d.maybe(|d| d.number(17) as i64),
                metadata: d.json(r#"{"epoch":3}"#),
            }
        ),
        TypeId::ARTIFACTS_REMOVED => made!(
            d,
            ArtifactsRemoved {
                run: d.run(),
                artifacts: d.artifacts(),
                why: d.text("keep-last 3"),
            }
        ),
        TypeId::ARTIFACTS_RESTORED => made!(
            d,
            ArtifactsRestored {
                run: d.run(),
                artifacts: d.artifacts(),
            }
        ),
        TypeId::ARTIFACT_USED => made!(
            d,
            ArtifactUsed {
                run: d.run(),
                artifact: d.artifact(0xa1),
            }
        ),
        TypeId::ARTIFACTS_PURGED => made!(
            d,
            ArtifactsPurged {
                artifacts: d.artifacts(),
            }
        ),
        other => panic!("no sample of {other:?}: add one here"),
    }
}

fn of_dataset(type_id: TypeId, d: &mut Draw) -> Event {
    let dataset = d.dataset();
    match type_id {
        TypeId::DATASET_CREATED => made!(
            d,
            DatasetCreated {
                dataset: dataset,
                name: d.text("imagenet"),
                description: d.text("pictures"),
                tags: d.tags(),
            }
        ),
        TypeId::DATASET_EDITED => made!(
            d,
            DatasetEdited {
                dataset: dataset,
                name: d.maybe(|d| d.text("imagenet-1k")),
                description: d.maybe(|d| d.text("")),
                set: d.tags(),
                remove: d.texts(["draft", "old"]),
            }
        ),
        TypeId::DATASET_DELETED => made!(d, DatasetDeleted { dataset: dataset }),
        TypeId::DATASET_RESTORED => made!(d, DatasetRestored { dataset: dataset }),
        _ => of_dataset_version(type_id, dataset, d),
    }
}

fn of_dataset_version(type_id: TypeId, dataset: DatasetId, d: &mut Draw) -> Event {
    match type_id {
        TypeId::DATASET_VERSION_ADDED => made!(
            d,
            DatasetVersionAdded {
                dataset: dataset,
                number: d.number(2),
                version: d.maybe(|d| d.text("1.2.0")),
                digest: d.text("sha256:00ff"),
                source: d.text("data/train.csv"),
                content: d.maybe(|d| d.blob(0xb2)),
                len: d.maybe(|d| d.number(70_000)),
                rows: d.maybe(|d| d.number(1000)),
                schema: d.json(r#"{"columns":[{"name":"x","type":"float"}]}"#),
                profile: d.json(r#"{"columns":{"x":{"mean":0.5}}}"#),
                parents: d.many(|d, at| (d.dataset(), d.number(1 + u64::from(at)))),
                transformation: d.maybe(|d| d.text("dedup")),
                run: d.maybe(Draw::run),
                sampling: d.json(r#"{"method":"random","seed":7}"#),
                tags: d.tags(),
            }
        ),
        TypeId::DATASET_VERSION_EDITED => made!(
            d,
            DatasetVersionEdited {
                dataset: dataset,
                number: d.number(2),
                version: d.maybe(|d| d.text("1.2.1")),
                set: d.tags(),
                remove: d.texts(["draft", "old"]),
            }
        ),
        TypeId::DATASET_VERSION_REMOVED => made!(
            d,
            DatasetVersionRemoved {
                dataset: dataset,
                number: d.number(2),
            }
        ),
        TypeId::DATASET_VERSION_RESTORED => made!(
            d,
            DatasetVersionRestored {
                dataset: dataset,
                number: d.number(2),
            }
        ),
        TypeId::DATASET_USED => made!(
            d,
            DatasetUsed {
                run: d.run(),
                dataset: dataset,
                number: d.number(2),
                name: d.text("imagenet"),
                digest: d.text("blake3:00"),
                selector: d.text("imagenet@^1.2"),
                split: d.split(),
                sampling: d.json(r#"{"method":"reservoir","count":10,"seed":7}"#),
            }
        ),
        TypeId::DATASET_BYTES_PURGED => made!(
            d,
            DatasetBytesPurged {
                dataset: dataset,
                numbers: vec![d.number(2), d.number(3)],
            }
        ),
        other => panic!("no sample of {other:?}: add one here"),
    }
}

fn of_model(type_id: TypeId, d: &mut Draw) -> Event {
    let model = d.model();
    match type_id {
        TypeId::MODEL_CREATED => made!(
            d,
            ModelCreated {
                model: model,
                name: d.text("resnet"),
                description: d.text("pictures"),
                tags: d.tags(),
            }
        ),
        TypeId::MODEL_EDITED => made!(
            d,
            ModelEdited {
                model: model,
                name: d.maybe(|d| d.text("resnet-50")),
                description: d.maybe(|d| d.text("")),
                set: d.tags(),
                remove: d.texts(["draft", "old"]),
            }
        ),
        TypeId::MODEL_DELETED => made!(d, ModelDeleted { model: model }),
        TypeId::MODEL_RESTORED => made!(d, ModelRestored { model: model }),
        TypeId::MODEL_VERSION_ADDED => made!(
            d,
            ModelVersionAdded {
                model: model,
                number: d.number(7),
                version: d.maybe(|d| d.text("2.0.0-rc.1")),
                run: d.maybe(Draw::run),
                artifacts: d.artifacts(),
                content: d.maybe(|d| d.blob(0xb3)),
                flavour: d.text("pytorch"),
                source: d.text("out/model.pt"),
                signature: d.json(r#"{"inputs":[{"name":"x"}]}"#),
                metadata: d.json(r#"{"layers":50}"#),
                tags: d.tags(),
            }
        ),
        TypeId::MODEL_VERSION_EDITED => made!(
            d,
            ModelVersionEdited {
                model: model,
                number: d.number(7),
                description: d.maybe(|d| d.text("the one of the paper")),
                version: d.maybe(|d| d.text("")),
                set: d.tags(),
                remove: d.texts(["draft", "old"]),
            }
        ),
        TypeId::MODEL_VERSION_REMOVED => made!(
            d,
            ModelVersionRemoved {
                model: model,
                number: d.number(7),
            }
        ),
        TypeId::MODEL_VERSION_RESTORED => made!(
            d,
            ModelVersionRestored {
                model: model,
                number: d.number(7),
            }
        ),
        other => panic!("no sample of {other:?}: add one here"),
    }
}

#[rustfmt::skip]
fn of_document(type_id: TypeId, d: &mut Draw) -> Event {
    if type_id == TypeId::DOCUMENT_PART {
        return DocumentPart { text: d.text("{\"half\":") }.into();
    }
    let (kind, id) = (d.text("mlflow.trace"), d.text("tr-0a1b"));
    if type_id == TypeId::DOCUMENT_REMOVED {
        return made!(d, DocumentRemoved { kind: kind, id: id });
    }
    let (parts, body) = (d.number(251) as u32, d.json("{\"state\":\"OK\"}"));
    let blobs = d.many(|d, at| (d.blob(0xd0 + at), d.number(250 + u64::from(at))));
    made!(d, DocumentPut { kind: kind, id: id, parts: parts, body: body, blobs: blobs })
}

fn of_registry_and_lineage(type_id: TypeId, d: &mut Draw) -> Event {
    match type_id {
        TypeId::MODEL_ALIAS_SET => made!(
            d,
            ModelAliasSet {
                model: d.model(),
                alias: d.text("prod"),
                number: d.maybe(|d| d.number(7)),
            }
        ),
        TypeId::MODEL_STAGE_MOVED => made!(
            d,
            ModelStageMoved {
                model: d.model(),
                number: d.number(7),
                from: d.text("None"),
                to: d.text("Production"),
            }
        ),
        TypeId::MODEL_USED => made!(
            d,
            ModelUsed {
                run: d.run(),
                model: d.model(),
                number: d.number(7),
                name: d.text("resnet"),
                selector: d.text("resnet@prod"),
            }
        ),
        TypeId::MODEL_BYTES_PURGED => made!(
            d,
            ModelBytesPurged {
                model: d.model(),
                numbers: vec![d.number(7)],
            }
        ),
        TypeId::LINEAGE_LINKED => made!(
            d,
            LineageLinked {
                from: d.node(),
                to: NodeRef::Run(d.run()),
                kind: d.edge(),
            }
        ),
        TypeId::LINEAGE_UNLINKED => made!(
            d,
            LineageUnlinked {
                from: NodeRef::Run(d.run()),
                to: d.node(),
                kind: d.edge(),
            }
        ),
        TypeId::RECORDS_SCRUBBED => made!(
            d,
            RecordsScrubbed {
                run: d.run(),
                lsns: d.many(|d, at| d.number(250 + u64::from(at))),
                blobs: d.many(|d, at| d.blob(0xb0 + at)),
                why: d.text("matched a pattern"),
            }
        ),
        other => panic!("no sample of {other:?}: add one here"),
    }
}
