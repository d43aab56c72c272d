//! Rows of a CSV file, as RFC 4180 has them: quoted cells may hold separators, quotes and line ends.
//!
//! Invariants: one row lies in memory at a time; a row that is longer than any that people write, a cell whose quote never
//! ends and bytes that are no UTF-8 are errors.

use std::io::BufRead;

/// A row has no more bytes.
const ROW_LEN_MAX: usize = 64 << 20;

pub(crate) struct CsvRows<R> {
    reader: R,
    separator: u8,
    line: Vec<u8>,
}

/// The file is no CSV, or cannot be read.
#[derive(Debug)]
pub(crate) struct NoCsv;

impl<R: BufRead> CsvRows<R> {
    pub fn new(reader: R, separator: u8) -> CsvRows<R> {
        CsvRows {
            reader,
            separator,
            line: Vec::new(),
        }
    }

    /// The cells of the next row; empty lines are passed by.
    pub fn next_row(&mut self) -> Option<Result<Vec<String>, NoCsv>> {
        loop {
            self.line.clear();
            if let Err(error) = self.read_row()? {
                return Some(Err(error));
            }
            if !self.line.is_empty() {
                return Some(self.cells());
            }
        }
    }

    /// Reads lines until every quote is closed, and leaves the line's end out. `None` at the end of the file.
    fn read_row(&mut self) -> Option<Result<(), NoCsv>> {
        let mut is_quoted = false;
        loop {
            let before = self.line.len();
            match self.reader.read_until(b'\n', &mut self.line) {
                Err(_) => return Some(Err(NoCsv)),
                Ok(0) if before == 0 => return None,
                Ok(0) if is_quoted => return Some(Err(NoCsv)),
                Ok(_) if self.line.len() > ROW_LEN_MAX => return Some(Err(NoCsv)),
                Ok(_) => {}
            }
            let quotes = self.line[before..].iter().filter(|byte| **byte == b'"');
            is_quoted ^= quotes.count() % 2 == 1;
            if !is_quoted {
                let end = self.line.iter().rposition(|byte| !b"\r\n".contains(byte));
                self.line.truncate(end.map_or(0, |last| last + 1));
                return Some(Ok(()));
            }
            if before == self.line.len() {
                return Some(Err(NoCsv));
            }
        }
    }

    fn cells(&self) -> Result<Vec<String>, NoCsv> {
        let (mut cells, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), false);
        let mut bytes = self.line.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' if is_quoted && bytes.peek() == Some(&b'"') => {
                    bytes.next();
                    cell.push(b'"');
                }
                b'"' => is_quoted = !is_quoted,
                byte if byte == self.separator && !is_quoted => {
                    cells.push(text(std::mem::take(&mut cell))?);
                }
                byte => cell.push(byte),
            }
        }
        cells.push(text(cell)?);
        Ok(cells)
    }
}

fn text(bytes: Vec<u8>) -> Result<String, NoCsv> {
    String::from_utf8(bytes).map_err(|_| NoCsv)
}
