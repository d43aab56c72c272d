//! The columns of a state: what they say, and that they say the same when they grow with it.

use mltrack_event::{EndState, ExperimentEdited, ParamValue, RunDeleted, TagsSet};
use mltrack_projector::{Cursor, EpochId, Lsn};
use mltrack_projector_runs::State;
use mltrack_projector_runs::search::{
    Aggregate, Attribute, Bitmap, Column, ColumnData, ColumnSource, Family, Mode, Question,
    StateColumns, Window, parse, parse_orders, select,
};
use mltrack_projector_runs::snapshot::{Shelf, Snapshot};
use proptest::prelude::*;

use crate::support::{EXPERIMENT, World, edit, ended, metric, params, point};

/// The names of the runs that are found, in order.
fn found(columns: &StateColumns, state: &State, filter: &str, order: &str) -> Vec<String> {
    let table = columns.table(state);
    let filters = [parse(filter, Mode::Full).unwrap()];
    let orders = parse_orders([order], Mode::Full).unwrap();
    let question = Question {
        base: &Bitmap::all(table.len()),
        filters: &filters,
        orders: &orders,
        ties: Mode::Full,
        window: Window {
            offset: 0,
            limit: usize::MAX,
        },
        now_ns: 1_000_000_000_000,
    };
    let selected = select(&table, &question).unwrap();
    let rows = selected.rows.iter();
    rows.map(|row| state.run_at(*row).unwrap().name.clone())
        .collect()
}

/// Every row of a column as a text, missing ones as `-`.
fn cells(data: &ColumnData, len: usize) -> Vec<String> {
    let present = data.present(len);
    let cell = |row: usize| match data {
        _ if !present.get(row) => "-".to_owned(),
        ColumnData::Missing => "-".to_owned(),
        ColumnData::Numbers { values, .. } => format!("{:?}", values[row]),
        ColumnData::Integers { values, .. } => values[row].to_string(),
        ColumnData::Texts(texts) => texts.get(row).unwrap_or("-").to_owned(),
        ColumnData::Ids(ids) => format!("{:?}", ids[row]),
    };
    (0..len).map(cell).collect()
}

fn all_columns() -> Vec<Column> {
    let metric = |aggregate, is_step| Column::Metric {
        name: "loss".into(),
        aggregate,
        is_step,
    };
    let mut columns: Vec<Column> = Aggregate::ALL
        .iter()
        .map(|(_, aggregate)| metric(*aggregate, false))
        .collect();
    columns.push(metric(Aggregate::Max, true));
    columns.push(Column::metric("unheard of"));
    columns.extend(["lr", "name"].map(|name| Column::Param(name.into())));
    columns.extend(["paper", "owner"].map(|name| Column::Tag(name.into())));
    columns.extend(
        [
            Attribute::Id,
            Attribute::Name,
            Attribute::Experiment,
            Attribute::ExperimentId,
            Attribute::Number,
            Attribute::Status,
            Attribute::Created,
            Attribute::Started,
            Attribute::Ended,
            Attribute::Actor,
            Attribute::Host,
            Attribute::Pid,
            Attribute::Seed,
            Attribute::Points,
            Attribute::Lines,
            Attribute::Notes,
            Attribute::Command,
            Attribute::Error,
            Attribute::Deleted,
        ]
        .map(Column::Attribute),
    );
    columns
}

#[test]
fn a_state_is_searched_through_its_columns() {
    let mut world = World::new();
    world.add(metric("loss"));
    for number in 1..=3_u64 {
        let run = world.run(number, &format!("run {number}"));
        world.add(point(run, "loss", 0, number as f64));
        world.add(point(run, "loss", 9, 10.0 - number as f64));
    }
    let mut columns = StateColumns::default();
    columns.catch_up(&world.state);
    let state = &world.state;
    assert_eq!(
        found(&columns, state, "loss < 9", "loss"),
        ["run 3", "run 2"]
    );
    assert_eq!(
        found(&columns, state, "loss.min <= 2", "-loss.min"),
        ["run 2", "run 1"]
    );
    assert_eq!(
        found(&columns, state, "loss.max@step = 9 number > 1", "name"),
        ["run 2", "run 3"]
    );
    assert_eq!(found(&columns, state, "'run 1'", "name"), ["run 1"]);
    let table = columns.table(state);
    assert!(table.has(Family::Metric, "loss") && !table.has(Family::Metric, "acc"));
    assert_eq!(table.names(Family::Metric), ["loss".into()]);
}

#[test]
fn the_columns_of_another_state_are_made_anew() {
    let mut columns = StateColumns::default();
    let (mut long, mut short) = (World::new(), World::new());
    for number in 1..=3 {
        long.run(number, "long");
    }
    short.run(7, "short");
    for world in [&long, &short, &long] {
        columns.catch_up(&world.state);
        let name = world.state.name_at(0);
        let found = found(&columns, &world.state, "", "name");
        assert!(found.iter().all(|found| found == name));
        assert_eq!(found.len(), world.state.run_count());
    }
}

fn cursor() -> Cursor {
    Cursor {
        epoch: EpochId([7; 16]),
        next: Lsn::FIRST,
    }
}

/// Something that happens to one of the runs, or to their experiment.
fn happen(world: &mut World, (what, which, value): (u8, usize, u8)) {
    let number = world.state.run_count() as u64 + 1;
    let slot = which % world.state.run_count().max(1);
    let key = world
        .state
        .brief_at(slot as u32)
        .map(|brief| brief.id.key());
    let (Some(run), 1..) = (key, what) else {
        world.run(number, &format!("run {value}"));
        return;
    };
    let by = || ("ada".to_owned(), "test".to_owned());
    match what {
        1 => {
            world.add(metric("loss"));
            world.add(point(run, "loss", value.into(), f64::from(value)));
        }
        2 => {
            let value = ParamValue::Float(f64::from(value));
            world.add(params(run, &[("lr", value)]));
        }
        3 => {
            let tags = vec![("paper".to_owned(), format!("v{value}"))];
            let (actor, command) = by();
            world.add(TagsSet {
                run,
                tags,
                actor,
                command,
            });
        }
        4 => {
            world.add(ended(run, EndState::Failed, Some("out of memory")));
        }
        5 => {
            let (actor, command) = by();
            world.add(RunDeleted {
                run,
                actor,
                command,
            });
        }
        _ => {
            world.add(ExperimentEdited {
                name: Some(format!("resnet {value}")),
                ..edit(EXPERIMENT)
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn columns_that_grew_with_a_state_equal_new_ones(
        steps in prop::collection::vec((0_u8..8, 0_usize..20, 0_u8..5, any::<bool>()), 1..120),
    ) {
        // The state of the second world goes on from a snapshot now and then.
        let (mut world, mut straight) = (World::new(), World::new());
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().into());
        let mut grown = StateColumns::default();
        for (what, which, value, is_looked_at) in steps {
            if what == 7 {
                let written = shelf.write(&world.state, cursor()).unwrap();
                world.state = Snapshot::open(&written.path).unwrap().into_state().unwrap();
            } else {
                happen(&mut straight, (what, which, value));
                happen(&mut world, (what, which, value));
            }
            if !is_looked_at {
                continue;
            }
            grown.catch_up(&world.state);
            let mut new = StateColumns::default();
            new.catch_up(&straight.state);
            let len = straight.state.run_count();
            let (grown, new) = (grown.table(&world.state), new.table(&straight.state));
            for column in all_columns() {
                let expected = cells(&new.column(&column).unwrap(), len);
                prop_assert_eq!(cells(&grown.column(&column).unwrap(), len), expected, "{:?}", column);
            }
            for family in [Family::Metric, Family::Param, Family::Tag] {
                prop_assert_eq!(grown.names(family), new.names(family));
            }
        }
    }
}
