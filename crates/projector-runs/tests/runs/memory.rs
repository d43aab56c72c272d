//! A bound on the memory of runs changes no answer.

use mltrack_projector_runs::State;
use mltrack_projector_runs::search::{Column, ColumnData, ColumnSource as _, StateColumns};
use mltrack_projector_runs::snapshot::{Shelf, Snapshot};
use proptest::prelude::*;

use crate::snapshot::{bytes_of, cursor, event};
use crate::support::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_state_of_little_memory_answers_as_one_of_any(
        steps in prop::collection::vec((0u8..24, 0u64..12, -4i64..20), 1..120),
        doings in prop::collection::vec(0u8..6, 120),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().into());
        let (mut any, mut little) = (World::new(), World::new());
        little.state.bound_memory(0);
        let mut columns = StateColumns::default();
        let mut copies = Vec::new();
        for ((kind, number, value), doing) in steps.into_iter().zip(doings) {
            any.add(event(kind, number, value));
            let lsn = little.add(event(kind, number, value));
            match doing {
                // Somebody looks, and what was read is let go.
                0 => {
                    prop_assert_eq!(little.state.runs().count(), little.state.run_count());
                    little.state.release_reads();
                }
                // A copy is taken, and must stay as it is.
                1 => {
                    let copy = little.state.share();
                    copies.push((bytes_of(&any.state), copy));
                }
                // The state goes on from a snapshot.
                2 => {
                    let written = shelf.write(&little.state, cursor(lsn + 1)).unwrap();
                    little.state = Snapshot::open(&written.path).unwrap().into_state().unwrap();
                    little.state.bound_memory(0);
                }
                3 => columns.catch_up(&little.state),
                _ => {}
            }
        }
        prop_assert!(bytes_of(&any.state) == bytes_of(&little.state));
        for (before, copy) in &copies {
            prop_assert!(*before == bytes_of(copy));
        }
        let briefs = |state: &State| state.briefs().map(|(_, brief)| brief).collect::<Vec<_>>();
        prop_assert_eq!(briefs(&any.state), briefs(&little.state));
        let running = |state: &State| state.running().map(|run| run.id).collect::<Vec<_>>();
        prop_assert_eq!(running(&any.state), running(&little.state));
        let names = |state: &State| {
            let slots = state.briefs().map(|(slot, _)| state.name_at(slot).to_owned());
            slots.collect::<Vec<_>>()
        };
        prop_assert_eq!(names(&any.state), names(&little.state));
        columns.catch_up(&little.state);
        let column = Column::Param("lr".into());
        let found = columns.table(&little.state).column(&column).unwrap();
        let mut anew = StateColumns::default();
        anew.catch_up(&any.state);
        let wanted = anew.table(&any.state).column(&column).unwrap();
        let texts = |data: &ColumnData, state: &State| {
            let slots = state.briefs().map(|(slot, _)| slot as usize);
            match data {
                ColumnData::Texts(texts) => {
                    slots.map(|slot| texts.get(slot).map(str::to_owned)).collect()
                }
                _ => Vec::new(),
            }
        };
        prop_assert_eq!(texts(&found, &little.state), texts(&wanted, &any.state));
    }
}

#[test]
fn a_snapshot_says_which_running_runs_cannot_lapse() {
    let mut world = World::new();
    for (number, detached) in [(1, true), (2, false)] {
        let id = run_id(number);
        world.add(mltrack_event::RunCreated {
            detached,
            ..created(id, number)
        });
        world.add(started(id.key(), !detached));
    }
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    let written = shelf.write(&world.state, cursor(9)).unwrap();
    let over = Snapshot::open(&written.path).unwrap().into_state().unwrap();
    for state in [&world.state, &over] {
        let lapses: Vec<bool> = (0..2).map(|slot| state.may_lapse(slot)).collect();
        assert_eq!(lapses, [false, true]);
    }
}
