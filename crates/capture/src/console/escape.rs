//! Control sequences of terminals: those that move between lines are told, colours and all others are passed over.
//!
//! Invariant: a sequence may be cut anywhere; one that never ends is given up after [`LEN_MAX`] bytes.

/// More than any sequence that a program means.
const LEN_MAX: usize = 256;

/// What a sequence does to where text goes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Move {
    None,
    Up(usize),
    Down(usize),
    /// To the line's first column.
    ToStart,
    /// The line is wiped.
    Clear,
}

#[derive(Default)]
pub(super) struct Escape {
    kind: Option<Kind>,
    length: usize,
    /// The numbers of a sequence so far.
    numbers: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Behind the escape character.
    Begun,
    /// `ESC [ numbers letter`
    Control,
    /// `ESC ] text BEL`, or ended by another sequence.
    Text,
}

impl Escape {
    pub fn is_open(&self) -> bool {
        self.kind.is_some()
    }

    pub fn open(&mut self) {
        *self = Escape {
            kind: Some(Kind::Begun),
            ..Escape::default()
        };
    }

    /// Reads on; how many bytes belong to the sequence, and what it does when it ends there.
    pub fn read(&mut self, text: &str) -> (usize, Move) {
        for (at, letter) in text.char_indices() {
            let behind = at + letter.len_utf8();
            self.length += letter.len_utf8();
            if self.length > LEN_MAX {
                self.kind = None;
                return (behind, Move::None);
            }
            if let Some(done) = self.step(letter) {
                // A line's end is never part of a sequence: it is left to whoever reads lines.
                let used = if letter == '\n' { at } else { behind };
                return (used, done);
            }
        }
        (text.len(), Move::None)
    }

    fn step(&mut self, letter: char) -> Option<Move> {
        let kind = self.kind?;
        if letter == '\n' {
            self.kind = None;
            return Some(Move::None);
        }
        let next = match (kind, letter) {
            (Kind::Begun, '[') => Some(Kind::Control),
            (Kind::Begun, ']' | 'P' | '_' | '^' | 'X') => Some(Kind::Text),
            // `ESC ( B` and its like have one letter more.
            (Kind::Begun, '(' | ')' | '#' | '%') | (Kind::Text, '\u{1b}') => Some(Kind::Begun),
            (Kind::Begun, _) | (Kind::Text, '\u{7}') => None,
            (Kind::Control, '@'..='~') => {
                self.kind = None;
                return Some(self.moved(letter));
            }
            (Kind::Control, _) => {
                self.numbers.push(letter);
                Some(Kind::Control)
            }
            (Kind::Text, _) => Some(Kind::Text),
        };
        self.kind = next;
        next.is_none().then_some(Move::None)
    }

    fn moved(&self, letter: char) -> Move {
        let first = self.numbers.split(';').next().unwrap_or("");
        let count = first.parse().unwrap_or(1);
        match letter {
            'A' | 'F' => Move::Up(count),
            'B' | 'E' => Move::Down(count),
            'G' if count <= 1 => Move::ToStart,
            'K' if first == "2" => Move::Clear,
            _ => Move::None,
        }
    }
}
