//! How a value becomes the bytes of a row, in the index and in snapshots alike.
//!
//! Invariants: equal values give equal bytes, so comparing bytes compares values, NaN included; bytes that are no value
//! are an error, never a panic or a huge allocation. What is stored is derived, so a change of layout is a new
//! [`Projector::VERSION`](mltrack_projector::Projector::VERSION) and no upcast.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::{Decode, Encode};
use mltrack_event::{MetricDefined, MetricSetDefined};
use mltrack_projector::Definition;

/// No row takes more memory: a damaged length must not ask for all of it.
const ROW_LEN_MAX: usize = 1 << 30;
const CONFIG: Configuration<LittleEndian, Varint, Limit<ROW_LEN_MAX>> =
    bincode::config::standard().with_limit::<ROW_LEN_MAX>();

/// A definition of the dictionary as it is stored.
#[derive(Encode, Decode)]
pub enum DefinitionRow {
    Metric(MetricDefined),
    Set(MetricSetDefined),
}

/// The bytes of a value.
pub fn value(row: &impl Encode) -> Vec<u8> {
    bincode::encode_to_vec(row, CONFIG).expect("growing a vector does not fail")
}

/// Adds the bytes of a value.
pub fn append(row: &impl Encode, bytes: &mut Vec<u8>) {
    bincode::encode_into_std_write(row, bytes, CONFIG).expect("growing a vector does not fail");
}

/// The value that these bytes are, all of them.
pub fn parse<T: Decode<()>>(bytes: &[u8]) -> Result<T, String> {
    let (row, len) =
        bincode::decode_from_slice(bytes, CONFIG).map_err(|error| error.to_string())?;
    if len != bytes.len() {
        return Err("bytes follow its end".into());
    }
    Ok(row)
}

impl From<&Definition> for DefinitionRow {
    fn from(definition: &Definition) -> DefinitionRow {
        match definition {
            Definition::Metric(metric) => DefinitionRow::Metric(metric.clone()),
            Definition::Set(set) => DefinitionRow::Set(set.clone()),
        }
    }
}

impl From<DefinitionRow> for Definition {
    fn from(row: DefinitionRow) -> Definition {
        match row {
            DefinitionRow::Metric(metric) => Definition::Metric(metric),
            DefinitionRow::Set(set) => Definition::Set(set),
        }
    }
}
