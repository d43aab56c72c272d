//! Manifests, and reading around damage.

use std::io;

use crate::catalog::segment_path;
use crate::codec::identity::Format;
use crate::codec::manifest::Manifest;
use crate::error::{LogError, Result};
use crate::medium::{Medium, read_file};

/// More than this is no manifest.
const MANIFEST_LEN_MAX: usize = 64 << 20;

/// The manifest with the highest number that is whole.
pub(crate) fn read_manifest(medium: &dyn Medium, format: &Format) -> Result<Option<Manifest>> {
    let wrap = |error: io::Error| LogError::io(medium.path(), "read the manifest", error);
    let names = medium.list(".").map_err(wrap)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| Manifest::number_in(name)).collect();
    numbers.sort_unstable();
    for number in numbers.into_iter().rev() {
        let bytes = read_file(medium, &Manifest::name(number), MANIFEST_LEN_MAX).map_err(wrap)?;
        if let Some(manifest) = Manifest::decode(&bytes.unwrap_or_default())
            && manifest.store == format.store
            && manifest.number == number
        {
            return Ok(Some(manifest));
        }
    }
    let _ = segment_path;
    Ok(None)
}
