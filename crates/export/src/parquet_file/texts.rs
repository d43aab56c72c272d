//! Columns of texts that come again and again, as pages: every text once, and runs of places in that list.
//!
//! A text is looked at once for a stretch of rows and not once for every row, which is where the library's own writer
//! spends most of the time.
//!
//! Invariant: places count from 0 in the order in which the texts came first, so the same rows give the same bytes.

use std::collections::HashMap;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::encode::Encoded;

/// A column that is growing.
#[derive(Default)]
pub struct Texts {
    places: HashMap<Vec<u8>, u32>,
    list: Vec<u8>,
    /// How many rows have the text of this place, in their order.
    runs: Vec<(u32, u32)>,
}

impl Texts {
    /// The same text for so many rows more.
    pub fn push(&mut self, text: &str, rows: u32) {
        let next = self.places.len() as u32;
        let known = self.places.get(text.as_bytes()).copied();
        if known.is_none() {
            self.places.insert(text.as_bytes().to_vec(), next);
            self.list.extend((text.len() as u32).to_le_bytes());
            self.list.extend(text.as_bytes());
        }
        let place = known.unwrap_or(next);
        match self.runs.last_mut() {
            Some((last, count)) if *last == place => *count += rows,
            _ => self.runs.push((place, rows)),
        }
    }

    pub fn clear(&mut self) {
        self.places.clear();
        self.list.clear();
        self.runs.clear();
    }

    /// The column of a row group. It has no nulls.
    pub fn encode(&self, descr: &ColumnDescPtr) -> Result<Encoded> {
        let mut sink = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut sink);
        let (list, rows) = (self.list_page(), self.rows());
        let data = self.data_page(rows);
        let (list_spec, data_spec) = (writer.write_page(list)?, writer.write_page(data)?);
        writer.close()?;
        let len = list_spec.bytes_written + data_spec.bytes_written;
        let uncompressed = list_spec.uncompressed_size + data_spec.uncompressed_size;
        let metadata = ColumnChunkMetaData::builder(descr.clone())
            .set_compression(Compression::UNCOMPRESSED)
            .set_encodings(vec![
                Encoding::PLAIN,
                Encoding::RLE,
                Encoding::RLE_DICTIONARY,
            ])
            .set_num_values(i64::from(rows))
            .set_total_compressed_size(len as i64)
            .set_total_uncompressed_size(uncompressed as i64)
            .set_dictionary_page_offset(Some(list_spec.offset as i64))
            .set_data_page_offset(data_spec.offset as i64)
            .set_statistics(self.statistics())
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: len,
            rows_written: u64::from(rows),
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Encoded {
            bytes: sink.into_inner()?.into(),
            close,
        })
    }

    fn rows(&self) -> u32 {
        self.runs.iter().map(|(_, count)| count).sum()
    }

    fn list_page(&self) -> CompressedPage {
        let page = Page::DictionaryPage {
            buf: Bytes::copy_from_slice(&self.list),
            num_values: self.places.len() as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        CompressedPage::new(page, self.list.len())
    }

    fn data_page(&self, rows: u32) -> CompressedPage {
        let bytes = runs(&self.runs, self.places.len() as u32);
        let len = bytes.len();
        let page = Page::DataPage {
            buf: bytes.into(),
            num_values: rows,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        CompressedPage::new(page, len)
    }

    /// By which a reader skips a row group that cannot have what it looks for.
    fn statistics(&self) -> Statistics {
        let text = |text: Option<&Vec<u8>>| text.map(|text| ByteArray::from(text.clone()));
        let (min, max) = (self.places.keys().min(), self.places.keys().max());
        Statistics::byte_array(text(min), text(max), None, Some(0), false)
    }
}

/// The width of a place in bits, then runs: twice the count as a varint, then the place in whole bytes.
fn runs(runs: &[(u32, u32)], places: u32) -> Vec<u8> {
    let width = (u32::BITS - places.saturating_sub(1).leading_zeros()).max(1);
    let place_len = width.div_ceil(8) as usize;
    let mut bytes = vec![width as u8];
    for (place, count) in runs {
        let mut head = u64::from(*count) << 1;
        while head >= 0x80 {
            bytes.push(head as u8 | 0x80);
            head >>= 7;
        }
        bytes.push(head as u8);
        bytes.extend(&place.to_le_bytes()[..place_len]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counts_and_places() {
        assert_eq!(runs(&[(0, 3)], 1), [1, 6, 0]);
        assert_eq!(runs(&[(0, 64), (299, 1)], 300), [9, 128, 1, 0, 0, 2, 43, 1]);
    }

    #[test]
    fn a_text_is_kept_once_and_neighbours_are_one_run() {
        let mut texts = Texts::default();
        for (text, rows) in [("a", 2), ("a", 3), ("", 1), ("a", 1)] {
            texts.push(text, rows);
        }
        assert_eq!(texts.runs, [(0, 5), (1, 1), (0, 1)]);
        assert_eq!(texts.list, b"\x01\0\0\0a\0\0\0\0");
    }
}
