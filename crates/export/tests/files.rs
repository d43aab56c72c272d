//! What the writers wrote, read by readers that are not ours: bit for bit what they were given.

use std::fs::File;
use std::path::Path;

use mltrack_export::{
    About, Cell, Column, DatabaseFile, EVENTS, Kind, Labels, PointsFile, Rows, RowsFile,
    Tables as _, TablesFolder,
};
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::tempdir;

const STEPS: [i64; 6] = [i64::MIN, -1, 0, 0, 1 << 53, i64::MAX];
const VALUES: [u64; 6] = [
    0x8000_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0001,
    0xfff8_dead_beef_0000,
    1,
];

fn read<T: DataType>(path: &Path, name: &str) -> Vec<T::T> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let place = columns.iter().position(|column| column.name() == name);
    let mut all = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        let rows = usize::try_from(group.metadata().num_rows()).unwrap();
        let column = group.get_column_reader(place.unwrap()).unwrap();
        let mut column = T::get_column_reader(column).unwrap();
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let found = column.read_records(rows, Some(&mut levels), None, &mut values);
        assert_eq!(found.unwrap().0, rows);
        all.append(&mut values);
    }
    all
}

fn texts(path: &Path, name: &str) -> Vec<String> {
    let texts = read::<ByteArrayType>(path, name).into_iter();
    texts
        .map(|text| text.as_utf8().unwrap().to_owned())
        .collect()
}

#[test]
fn points_come_back_bit_for_bit_over_several_row_groups_and_thousands_of_names() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("points");
    let mut file = PointsFile::new(File::create(&path).unwrap(), path.clone()).unwrap();
    let (mut names, mut steps, mut values) = (Vec::new(), Vec::new(), Vec::new());
    // More than one row group, and a last one that is not full.
    for curve in 0..3_000_u64 {
        let name = format!("m{}", curve % 700);
        let len = if curve == 0 { 600_000 } else { 6 };
        let bits = |at: usize| VALUES[at % 6] ^ if at < 6 { 0 } else { at as u64 };
        let (some_steps, some_values): (Vec<i64>, Vec<f64>) = (0..len)
            .map(|at| (STEPS[at % 6], f64::from_bits(bits(at))))
            .unzip();
        let labels = Labels {
            run: "r",
            experiment: "a/b",
            name: &name,
            context: "{}",
        };
        let rows = Rows {
            steps: &some_steps,
            times_ns: &some_steps,
            values: &some_values,
        };
        file.points(&labels, rows).unwrap();
        names.extend(std::iter::repeat_n(name, len));
        steps.extend(some_steps);
        values.extend(some_values.iter().map(|value| value.to_bits()));
    }
    file.finish().unwrap();
    assert_eq!(read::<Int64Type>(&path, "step"), steps);
    assert_eq!(read::<Int64Type>(&path, "time"), steps);
    let found = read::<DoubleType>(&path, "value").into_iter();
    assert_eq!(found.map(f64::to_bits).collect::<Vec<_>>(), values);
    assert_eq!(texts(&path, "metric"), names);
    assert!(texts(&path, "experiment").iter().all(|name| name == "a/b"));
    let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let groups = reader.metadata().row_groups().iter();
    let rows: Vec<i64> = groups.map(RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [524_288, 93_706]);
}

#[test]
fn a_file_without_points_is_a_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("none");
    let file = PointsFile::new(File::create(&path).unwrap(), path.clone()).unwrap();
    file.finish().unwrap();
    assert_eq!(read::<Int64Type>(&path, "step"), [0; 0]);
}

#[test]
fn rows_have_nulls_and_every_kind() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("rows");
    let columns = [
        Column::new("a.b", Kind::Text),
        Column::new("whole", Kind::Whole),
        Column::new("real", Kind::Real),
    ];
    let mut file = RowsFile::new(File::create(&path).unwrap(), path.clone(), &columns).unwrap();
    for row in 0..70_000_u64 {
        let text = Cell::from(format!("\"{row}\"\n"));
        let cells = [text, Cell::Whole(u64::MAX - row), Cell::Real(-0.0)];
        let nulls = [Cell::Null, Cell::Null, Cell::Null];
        file.row(if row % 2 == 0 { &cells } else { &nulls })
            .unwrap();
    }
    file.finish().unwrap();
    let found = texts(&path, "a.b");
    assert_eq!((found.len(), found[1].as_str()), (35_000, "\"2\"\n"));
    let found = read::<Int64Type>(&path, "whole");
    assert_eq!((found[0] as u64, found[1] as u64), (u64::MAX, u64::MAX - 2));
    let found = read::<DoubleType>(&path, "real");
    assert!(
        found
            .iter()
            .all(|real| real.to_bits() == (-0.0_f64).to_bits())
    );
}

fn event(lsn: i64, payload: &str) -> Vec<Cell> {
    vec![
        Cell::Int(lsn),
        Cell::Time(i64::MIN),
        "t'\"".into(),
        Cell::Int(1),
        Cell::Int(0),
        Cell::Null,
        Cell::Null,
        payload.into(),
    ]
}

#[test]
fn a_database_holds_what_it_was_given_and_says_what_it_is() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let mut file = DatabaseFile::at(&path).unwrap();
    let rows = [event(1, "{}"), event(i64::MAX, "a\0b")];
    let count = file.table(&EVENTS, &mut rows.into_iter().map(Ok)).unwrap();
    let about = About {
        lsn: 7,
        made: mltrack::WallTime(0),
    };
    file.finish(&about, &vec![("events", count)]).unwrap();
    let base = Connection::open(&path).unwrap();
    let ask = |sql: &str| -> Value { base.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(ask("SELECT max(lsn) FROM events"), Value::Integer(i64::MAX));
    assert_eq!(
        ask("SELECT min(time_ns) FROM events"),
        Value::Integer(i64::MIN)
    );
    assert_eq!(
        ask("SELECT payload FROM events WHERE lsn > 1"),
        Value::Text("a\0b".into())
    );
    assert_eq!(
        ask(
            "SELECT group_concat(name || '=' || value) FROM manifest WHERE name IN ('lsn', 'rows.events')"
        ),
        Value::Text("lsn=7,rows.events=2".into())
    );
}

#[test]
fn an_error_half_way_leaves_nothing() {
    let folder = tempdir().unwrap();
    let mut file = TablesFolder::at(&folder.path().join("out")).unwrap();
    let rows = [Ok(event(1, "{}")), Err(mltrack_export::Error::Stopped)];
    assert!(file.table(&EVENTS, &mut rows.into_iter()).is_err());
    drop(file);
    let mut database = DatabaseFile::at(&folder.path().join("out.db")).unwrap();
    let rows = [Ok(event(1, "{}")), Err(mltrack_export::Error::Stopped)];
    assert!(database.table(&EVENTS, &mut rows.into_iter()).is_err());
    drop(database);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
