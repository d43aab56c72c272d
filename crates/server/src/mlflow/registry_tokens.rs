//! The words of a filter of the registry.
//!
//! Invariant: every text is read once and ends; what has no place in a filter is a token of its own, never an error here.

/// A word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A word, with what is quoted by backticks or double quotes in it still quoted.
    Word(String),
    /// A quoted text, plain.
    Text(String),
    /// A number as written.
    Number(String),
    /// `=`, `!=` and their like.
    Operator(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// Anything that has no place in a filter.
    Odd(String),
}

/// A token as errors quote it.
pub fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Number(text) | Token::Operator(text) | Token::Odd(text) => {
            text.clone()
        }
        Token::Text(text) => format!("'{text}'"),
        Token::Open => "(".to_owned(),
        Token::Close => ")".to_owned(),
        Token::Comma => ",".to_owned(),
    }
}

/// A word without its quotes.
pub fn plain(word: &str) -> String {
    let quote = word
        .chars()
        .next()
        .filter(|first| matches!(first, '`' | '"'));
    let inner = quote.and_then(|quote| word.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(word).to_owned()
}

/// All tokens of a filter.
pub fn tokens(filter: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, len) = token(rest, first);
        tokens.push(token);
        rest = rest[len..].trim_start();
    }
    tokens
}

/// The token that a text begins with, and its length in bytes.
fn token(rest: &str, first: char) -> (Token, usize) {
    match first {
        '(' => (Token::Open, 1),
        ')' => (Token::Close, 1),
        ',' => (Token::Comma, 1),
        '\'' => text(rest),
        '=' | '<' | '>' | '!' => {
            let len = rest
                .bytes()
                .take_while(|byte| b"=<>!".contains(byte))
                .count();
            (Token::Operator(rest[..len].to_owned()), len)
        }
        _ if first.is_ascii_digit() || first == '-' => {
            let len = rest
                .bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
            let number = rest[..len.count()].to_owned();
            let len = number.len();
            (Token::Number(number), len)
        }
        _ if first.is_alphabetic() || matches!(first, '_' | '`' | '"') => word(rest),
        _ => (Token::Odd(first.to_string()), first.len_utf8()),
    }
}

/// A text in single quotes; a doubled quote is one.
fn text(rest: &str) -> (Token, usize) {
    let mut plain = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let is_doubled = letter == '\'' && letters.peek().is_some_and(|(_, next)| *next == '\'');
        match letter {
            '\'' if is_doubled => {
                plain.push('\'');
                letters.next();
            }
            '\'' => return (Token::Text(plain), at + 1),
            letter => plain.push(letter),
        }
    }
    (Token::Odd(rest.to_owned()), rest.len())
}

/// A word; what is in backticks or double quotes belongs to it whatever it is.
fn word(rest: &str) -> (Token, usize) {
    let mut quote = None;
    for (at, letter) in rest.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '`' | '"') => quote = Some(letter),
            None if letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | ':') => {}
            None => return (Token::Word(rest[..at].to_owned()), at),
        }
    }
    match quote {
        Some(_) => (Token::Odd(rest.to_owned()), rest.len()),
        None => (Token::Word(rest.to_owned()), rest.len()),
    }
}
