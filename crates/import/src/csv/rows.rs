//! Rows of a file of comma separated values, one after another.
//!
//! Invariants: a line's end inside of quotes is part of its cell; what is wrong is said with the line it is in; memory
//! holds one row.

use std::io::{self, BufRead, Seek};

/// A row is no longer than this: what is longer is no table.
const ROW_LEN_MAX: usize = 16 << 20;
const BOM: &[u8] = b"\xef\xbb\xbf";
/// What may stand between cells.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads rows.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    input: R,
    separator: u8,
    /// The place and the line where the next row begins.
    at: u64,
    line: u64,
    bytes: Vec<u8>,
}

/// A row: its cells, where it begins, and in which line.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// All cells, one after another.
    text: String,
    ends: Vec<usize>,
    pub at: u64,
    /// Its bytes, the line's end included.
    pub bytes_len: u64,
    /// Counted from 1.
    pub line: u64,
}

/// What is wrong, in which line and in which column, both counted from 1; column 0 is the whole row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub line: u64,
    pub column: usize,
    pub what: String,
}

#[derive(Debug)]
pub(crate) enum RowError {
    Read(io::Error),
    Wrong(Wrong),
}

impl From<io::Error> for RowError {
    fn from(error: io::Error) -> RowError {
        RowError::Read(error)
    }
}

impl Row {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell without blanks around it; empty where there is none.
    pub fn cell(&self, column: usize) -> &str {
        let Some(end) = self.ends.get(column) else {
            return "";
        };
        let begin = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text[begin..*end].trim()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// What stands between the cells of a header: what is there most often outside of quotes, a comma when nothing is.
pub(crate) fn separator(header: &[u8]) -> u8 {
    let count = |separator: u8| {
        let mut is_quoted = false;
        let found = header.iter().filter(|byte| {
            is_quoted ^= **byte == b'"';
            !is_quoted && **byte == separator
        });
        found.count()
    };
    let best = SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|separator| count(*separator));
    best.filter(|best| count(*best) > 0).unwrap_or(b',')
}

impl<R: BufRead> Rows<R> {
    /// Reads from a place on, where a row begins in this line.
    pub fn new(input: R, separator: u8, at: u64, line: u64) -> Rows<R> {
        Rows {
            input,
            separator,
            at,
            line,
            bytes: Vec::new(),
        }
    }

    /// The next row that is not blank; false at the end.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, RowError> {
        loop {
            row.clear();
            self.bytes.clear();
            row.line = self.line;
            let mut is_quoted = false;
            loop {
                let begun = self.bytes.len();
                let room = (ROW_LEN_MAX - begun) as u64;
                let read =
                    io::Read::take(&mut self.input, room).read_until(b'\n', &mut self.bytes)?;
                self.line += u64::from(read > 0);
                for byte in &self.bytes[begun..] {
                    is_quoted ^= *byte == b'"';
                }
                if read == 0 || !is_quoted {
                    break;
                }
            }
            if self.bytes.is_empty() {
                return Ok(false);
            }
            if self.bytes.len() >= ROW_LEN_MAX {
                return Err(row.wrong(0, "the row has no end, as if a quote were missing"));
            }
            if is_quoted {
                return Err(row.wrong(0, "a quote is opened and never closed"));
            }
            row.at = self.at;
            row.bytes_len = self.bytes.len() as u64;
            self.at += row.bytes_len;
            if self.split(row)? {
                return Ok(true);
            }
        }
    }

    /// Goes to another row: its place, and the line it is in.
    pub fn goto(&mut self, at: u64, line: u64) -> io::Result<()>
    where
        R: Seek,
    {
        // What is in memory already is not read again.
        self.input.seek_relative(at.wrapping_sub(self.at) as i64)?;
        (self.at, self.line) = (at, line);
        Ok(())
    }

    /// The bytes of the last row as they stand in the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Cuts the bytes of a row into cells; false for a blank one.
    fn split(&self, row: &mut Row) -> Result<bool, RowError> {
        let mut bytes = self.bytes.as_slice();
        if row.at == 0 {
            bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        }
        bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let byte = bytes[error.valid_up_to()];
            row.wrong(0, &format!("the byte {byte:#04x} is no UTF-8 text"))
        })?;
        if text.contains('\0') {
            return Err(row.wrong(0, "there is a zero byte, so this is no text"));
        }
        if text.trim().is_empty() {
            return Ok(false);
        }
        let separator = char::from(self.separator);
        let mut rest = text;
        loop {
            let more = match rest.trim_start_matches(' ').strip_prefix('"') {
                Some(quoted) => row.push_quoted(quoted, separator)?,
                None => row.push_plain(rest, separator),
            };
            match more {
                Some(more) => rest = more,
                None => return Ok(true),
            }
        }
    }
}

impl Row {
    fn wrong(&self, column: usize, what: &str) -> RowError {
        RowError::Wrong(Wrong {
            line: self.line,
            column,
            what: what.to_owned(),
        })
    }

    /// Adds a cell; what is behind its separator, if there is one.
    fn push_plain<'t>(&mut self, rest: &'t str, separator: char) -> Option<&'t str> {
        let (cell, more) = match rest.split_once(separator) {
            Some((cell, more)) => (cell, Some(more)),
            None => (rest, None),
        };
        self.text.push_str(cell);
        self.ends.push(self.text.len());
        more
    }

    fn push_quoted<'t>(
        &mut self,
        mut rest: &'t str,
        separator: char,
    ) -> Result<Option<&'t str>, RowError> {
        let column = self.len() + 1;
        loop {
            let Some((part, more)) = rest.split_once('"') else {
                return Err(self.wrong(column, "a quote is opened and never closed"));
            };
            self.text.push_str(part);
            let Some(more) = more.strip_prefix('"') else {
                rest = more.trim_start_matches(' ');
                break;
            };
            self.text.push('"');
            rest = more;
        }
        self.ends.push(self.text.len());
        if rest.is_empty() {
            return Ok(None);
        }
        match rest.strip_prefix(separator) {
            Some(more) => Ok(Some(more)),
            None => Err(self.wrong(column, "something stands behind the closing quote")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, separator: u8) -> Result<Vec<Vec<String>>, Wrong> {
        let mut rows = Rows::new(text.as_bytes(), separator, 0, 1);
        let (mut row, mut read) = (Row::default(), Vec::new());
        loop {
            match rows.next(&mut row) {
                Ok(true) => read.push((0..row.len()).map(|at| row.cell(at).to_owned()).collect()),
                Ok(false) => return Ok(read),
                Err(RowError::Wrong(wrong)) => return Err(wrong),
                Err(RowError::Read(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn cells_are_cut_at_separators_outside_of_quotes() {
        for (text, cells) in [
            ("a,b,c\n", vec![vec!["a", "b", "c"]]),
            (
                "\u{feff}a,b\r\n1,2\r\n",
                vec![vec!["a", "b"], vec!["1", "2"]],
            ),
            ("\"a,\"\"b\",c", vec![vec!["a,\"b", "c"]]),
            ("\"a\nb\",c\n\n1,", vec![vec!["a\nb", "c"], vec!["1", ""]]),
            (" a , \"b\" ,c", vec![vec!["a", "b", "c"]]),
            ("", vec![]),
            ("\n\r\n", vec![]),
        ] {
            assert_eq!(read(text, b',').unwrap(), cells, "{text:?}");
        }
        assert_eq!(read("a;b,c", b';').unwrap(), [["a", "b,c"]]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, line, column) in [
            ("a,b\n\"c", 2, 0),
            ("a\n\"b\"c,d", 2, 1),
            ("a\nb\n\"x\ny\"\n1,\"2\"3", 5, 2),
            ("\0", 1, 0),
        ] {
            let wrong = read(text, b',').unwrap_err();
            assert_eq!(
                (wrong.line, wrong.column),
                (line, column),
                "{text:?}: {}",
                wrong.what
            );
        }
    }

    #[test]
    fn the_separator_is_what_the_header_has_most_of() {
        for (header, wanted) in [
            ("a,b,c", b','),
            ("a;b;c", b';'),
            ("a\tb", b'\t'),
            ("a|b|c,d", b'|'),
            ("\"a;b;c\",d", b','),
            ("a", b','),
        ] {
            assert_eq!(separator(header.as_bytes()), wanted, "{header}");
        }
    }
}
