//! The line in which a filter is typed.

/// A text with a cursor, and the text as it was before it was changed.
#[derive(Clone, Debug, Default)]
pub struct FilterLine {
    text: String,
    /// In bytes, always between two letters.
    cursor: usize,
    before: String,
    is_open: bool,
}

/// What a key does to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    Insert(String),
    DeleteBack,
    Delete,
    DeleteWord,
    Clear,
    Left,
    Right,
    Home,
    End,
}

impl FilterLine {
    pub fn new(text: &str) -> FilterLine {
        FilterLine {
            text: text.to_owned(),
            cursor: text.len(),
            ..FilterLine::default()
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub fn open(&mut self) {
        self.before = self.text.clone();
        self.cursor = self.text.len();
        self.is_open = true;
    }

    /// Keeps what was typed.
    pub fn accept(&mut self) {
        self.is_open = false;
    }

    /// Puts back what was there.
    pub fn give_up(&mut self) {
        self.text = std::mem::take(&mut self.before);
        self.is_open = false;
    }

    pub fn edit(&mut self, edit: &Edit) {
        let back = self.before_cursor().chars().next_back();
        let back = self.cursor - back.map_or(0, char::len_utf8);
        let ahead = self.text[self.cursor..].chars().next();
        let ahead = self.cursor + ahead.map_or(0, char::len_utf8);
        match edit {
            Edit::Insert(text) => {
                let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
                self.text.insert_str(self.cursor, &text);
                self.cursor += text.len();
            }
            Edit::DeleteBack => self.delete(back),
            Edit::Delete => drop(self.text.drain(self.cursor..ahead)),
            Edit::DeleteWord => {
                let before = self.before_cursor().trim_end();
                let word = before.rfind(' ').map_or(0, |at| at + 1);
                self.delete(word);
            }
            Edit::Clear => {
                self.text.clear();
                self.cursor = 0;
            }
            Edit::Left => self.cursor = back,
            Edit::Right => self.cursor = ahead,
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
        }
    }

    fn delete(&mut self, from: usize) {
        self.text.drain(from..self.cursor);
        self.cursor = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edits: &[Edit]) -> String {
        let mut line = FilterLine::new(text);
        line.open();
        for edit in edits {
            line.edit(edit);
        }
        let (before, behind) = line.text().split_at(line.before_cursor().len());
        format!("{before}|{behind}")
    }

    #[test]
    fn letters_of_any_width_are_typed_and_deleted() {
        let insert = |text: &str| Edit::Insert(text.to_owned());
        assert_eq!(edited("", &[insert("lö"), insert("ss\n")]), "löss|");
        assert_eq!(
            edited(
                "lö",
                &[Edit::DeleteBack, Edit::DeleteBack, Edit::DeleteBack]
            ),
            "|"
        );
        assert_eq!(
            edited("日本", &[Edit::Left, Edit::Delete, Edit::Delete]),
            "日|"
        );
        assert_eq!(
            edited("ab", &[Edit::Home, Edit::Left, Edit::Right, insert("x")]),
            "ax|b"
        );
        assert_eq!(edited("a > 1 and b ", &[Edit::DeleteWord]), "a > 1 and |");
        assert_eq!(edited("a b", &[Edit::Home, Edit::End, Edit::Clear]), "|");
    }

    #[test]
    fn what_is_given_up_is_as_before() {
        let mut line = FilterLine::new("lr > 1");
        line.open();
        line.edit(&Edit::Clear);
        line.give_up();
        assert_eq!((line.text(), line.is_open()), ("lr > 1", false));
    }
}
