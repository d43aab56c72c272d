//! Which events exclude each other, and what each is about.

use mltrack_event::*;

use crate::samples::samples;
use crate::things;

#[test]
fn control_events_list_the_stream_that_guards_them() {
    for type_id in TypeId::ALL {
        for event in samples(*type_id) {
            let expected = match (*type_id, &event) {
                (TypeId::EXPERIMENT_CREATED, _) => Some(StreamId::experiment_names()),
                (_, Event::ExperimentEdited(edited)) => {
                    edited.name.as_ref().map(|_| StreamId::experiment_names())
                }
                (_, Event::ExperimentRestored(back)) if back.from == RestoredFrom::Deletion => {
                    Some(StreamId::experiment_names())
                }
                (TypeId(0x20..=0x25) | TypeId::RUN_CREATED | TypeId::EXPERIMENT_PURGED, _) => {
                    event.experiment().map(StreamId::experiment)
                }
                (TypeId(0x41..=0x47 | 0x4C | 0x4D) | TypeId::RUN_PURGED, _) => {
                    event.run().map(StreamId::run)
                }
                (TypeId(0x61 | 0x62 | 0x64), _) => Some(StreamId::artifacts()),
                (TypeId(0x80 | 0x83), _) => Some(StreamId::dataset_names()),
                (_, Event::DatasetEdited(edited)) => {
                    edited.name.as_ref().map(|_| StreamId::dataset_names())
                }
                (TypeId(0x82 | 0x84..=0x87 | 0x89), _) => {
                    Some(StreamId::dataset(things::dataset()))
                }
                (TypeId(0xA0 | 0xA3), _) => Some(StreamId::model_names()),
                (_, Event::ModelEdited(edited)) => {
                    edited.name.as_ref().map(|_| StreamId::model_names())
                }
                (TypeId(0xA2 | 0xA4..=0xA9 | 0xAB), _) => Some(StreamId::model(things::model())),
                (_, Event::DocumentPut(put)) => Some(StreamId::document(&put.kind, &put.id)),
                (_, Event::DocumentRemoved(gone)) => Some(StreamId::document(&gone.kind, &gone.id)),
                _ => None,
            };
            assert_eq!(event.stream(), expected, "{event:?}");
        }
    }
}

#[test]
fn every_event_but_definitions_an_undo_and_what_outlives_runs_is_about_a_run_or_an_experiment() {
    for type_id in TypeId::ALL {
        for event in samples(*type_id) {
            let outlives_runs = matches!(type_id.0, 0x64 | 0x80..=0x87 | 0x89 | 0xA0..=0xA9 | 0xAB | 0xB0..=0xB2 | 0xC0 | 0xC1);
            let definition = outlives_runs
                || matches!(
                    *type_id,
                    TypeId::METRIC_DEFINED | TypeId::METRIC_SET_DEFINED | TypeId::OPERATION_UNDONE
                );
            assert_eq!(
                event.run().is_none() && event.experiment().is_none(),
                definition
            );
            assert_eq!(
                event.run().is_some(),
                !definition && !matches!(type_id.0, 0x20..=0x3F | 0xE2)
            );
        }
    }
}

#[test]
fn the_moves_of_a_run_are_read_off_its_events() {
    let moves = |type_id| -> Vec<RunMove> {
        samples(type_id)
            .iter()
            .filter_map(RunMove::of)
            .map(|(_, step)| step)
            .collect()
    };
    assert_eq!(moves(TypeId::RUN_QUEUED), [RunMove::Queue]);
    assert_eq!(moves(TypeId::RUN_STARTED), [RunMove::Start]);
    assert_eq!(moves(TypeId::RUN_RESUMED), [RunMove::Resume]);
    assert_eq!(moves(TypeId::RUN_LOST), [RunMove::Lose]);
    assert_eq!(moves(TypeId::RUN_ENDED), RunMove::ALL[2..6]);
    assert_eq!(moves(TypeId::RUN_ATTACHED), []);
}
