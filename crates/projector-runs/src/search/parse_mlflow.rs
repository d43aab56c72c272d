//! `MLflow`'s grammar: comparisons that all have to hold, with its words for what is wrong.
//!
//! ```text
//! filter     = ("and" | comparison)*
//! comparison = column operator literal | column "is" ["not"] "null" | column ["not"] "in" list
//! ```
//!
//! Invariant: what its SQL store refuses is refused here, and nothing else. The store is stricter than the filter in
//! memory: it looks at every comparator, also where an earlier comparison already decided.

use super::column::Column;
use super::error::{FilterError, Span};
use super::expr::{Check, Literal, Mode, Node, Operand, Operator, Test};
use super::ident_mlflow::{Ident, Names, check, ident};
use super::lex::{Token, TokenKind};
use super::lex_mlflow::{number_len, tokens};

const NUMERIC: &str = "{'!=', '<', '<=', '=', '>', '>='}";
const NAMED: &str = "{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE'}";
const TEXTUAL: &str = "{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN'}";

pub(crate) fn node(text: &str, mode: Mode) -> Result<Node, FilterError> {
    if text.is_empty() {
        return Ok(Node::All);
    }
    let tokens = tokens(text);
    if tokens.is_empty() {
        let message = format!("Invalid filter '{text}'. Could not be parsed.");
        return Err(FilterError::new(text, Span::new(0, text.len()), message));
    }
    let mut rest = Parser {
        text,
        names: if mode == Mode::MlflowExperiments {
            Names::Experiments
        } else {
            Names::Runs
        },
        tokens: &tokens,
    };
    let mut nodes = Vec::new();
    let mut is_joined = true;
    while let Some(token) = rest.tokens.first() {
        if token.is("and") {
            rest.tokens = &rest.tokens[1..];
            is_joined = true;
            continue;
        }
        let comparison = rest.comparison()?;
        // Side by side, a name goes to the comparison before it, and only a sign takes it away again.
        if !is_joined && !matches!(comparison.check, Check::Compare(..)) {
            return Err(rest.invalid_clause(*token));
        }
        nodes.push(Node::Test(comparison));
        is_joined = false;
    }
    Ok(Node::And(nodes))
}

struct Parser<'a> {
    text: &'a str,
    names: Names,
    tokens: &'a [Token<'a>],
}

impl<'a> Parser<'a> {
    fn comparison(&mut self) -> Result<Test, FilterError> {
        let left = self.tokens[0];
        let rest = &self.tokens[1..];
        let is = |at: usize, keyword: &str| rest.get(at).is_some_and(|token| token.is(keyword));
        let has_list = |at: usize| rest.get(at).is_some_and(|t| t.kind == TokenKind::Open);
        let sign = rest.first().filter(|token| token.kind == TokenKind::Sign);
        if let Some(sign) = sign {
            return self.compare(left, (sign.raw.to_owned(), sign.span), 2);
        }
        let is_negated = is(0, "not");
        let keyword = rest.get(usize::from(is_negated));
        if let Some(keyword) = keyword.filter(|t| t.is("like") || t.is("ilike") || t.is("rlike")) {
            let negation = if is_negated { "NOT " } else { "" };
            let comparator = format!("{negation}{}", keyword.raw.to_uppercase());
            return self.compare(
                left,
                (comparator, rest[0].span.to(keyword.span)),
                2 + usize::from(is_negated),
            );
        }
        if is(0, "is") && (is(1, "null") || (is(1, "not") && is(2, "null"))) {
            return self.presence(left, !is(1, "null"));
        }
        if is(usize::from(is_negated), "in") && has_list(1 + usize::from(is_negated)) {
            return self.list(left, is_negated);
        }
        Err(self.invalid_clause(left))
    }

    fn compare(
        &mut self,
        left: Token<'a>,
        (comparator, comparator_span): (String, Span),
        len: usize,
    ) -> Result<Test, FilterError> {
        let Some(right) = self.tokens.get(len).filter(|token| is_value(token)) else {
            return Err(self.invalid_clause(left));
        };
        let ident = self.ident(left)?;
        let literal = self.value(&ident, *right)?;
        let operator = self.operator(&ident, &comparator, comparator_span)?;
        if self.names == Names::Experiments {
            check(&ident, &comparator, &literal).map_err(|message| {
                FilterError::new(self.text, left.span.to(right.span), message)
            })?;
        }
        self.tokens = &self.tokens[len + 1..];
        Ok(Test {
            operand: Operand::Column(ident.column),
            span: left.span,
            check: Check::Compare(operator, literal),
        })
    }

    fn presence(&mut self, left: Token<'a>, is_present: bool) -> Result<Test, FilterError> {
        let ident = self.ident(left)?;
        if self.names == Names::Experiments && ident.kind != "tag" {
            let message = format!(
                "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{}'",
                ident.key
            );
            return Err(FilterError::new(self.text, left.span, message));
        }
        if !matches!(ident.kind, "parameter" | "tag") {
            let message = format!(
                "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
                ident.kind, ident.key
            );
            return Err(FilterError::new(self.text, left.span, message));
        }
        self.tokens = &self.tokens[3 + usize::from(is_present)..];
        Ok(Test {
            operand: Operand::Column(ident.column),
            span: left.span,
            check: Check::Presence { is_present },
        })
    }

    fn list(&mut self, left: Token<'a>, is_negated: bool) -> Result<Test, FilterError> {
        let ident = self.ident(left)?;
        let open = 2 + usize::from(is_negated);
        let inner = &self.tokens[open + 1..];
        let Some(len) = inner.iter().position(|t| t.kind == TokenKind::Close) else {
            return Err(self.invalid_clause(left));
        };
        let span = self.tokens[open].span.to(inner[len].span);
        let fail = |message: String| Err(FilterError::new(self.text, span, message));
        let raw = &self.text[span.start..span.end];
        match ident.kind {
            "metric" => {
                return fail(format!(
                    "Expected numeric value type for metric. Found {raw}"
                ));
            }
            "parameter" | "tag" => {
                return fail(format!(
                    "Expected a quoted string value for {} (e.g. 'my-value'). Got value {raw}",
                    ident.kind
                ));
            }
            "attribute" if ident.is_time() => {
                return fail(format!(
                    "Expected numeric value type for numeric attribute: {}. Found {raw}",
                    ident.key
                ));
            }
            "attribute" if ident.column != Column::Attribute(self.names.listed().1) => {
                return fail(format!(
                    "Only ['{}'] attributes support comparison with a list of quoted string values.",
                    self.names.listed().0
                ));
            }
            _ => {}
        }
        let items = self.items(&inner[..len], span)?;
        if self.names == Names::Experiments {
            for item in &items {
                check(&ident, "IN", item)
                    .map_err(|message| FilterError::new(self.text, span, message))?;
            }
        }
        self.tokens = &inner[len + 1..];
        Ok(Test {
            operand: Operand::Column(ident.column),
            span: left.span,
            check: Check::In { items, is_negated },
        })
    }

    fn items(&self, tokens: &[Token<'a>], span: Span) -> Result<Vec<Literal>, FilterError> {
        let lead = "While parsing a list in the query, expected";
        if tokens.is_empty() {
            let message = format!("{lead} a non-empty list of string values, but got empty list");
            return Err(FilterError::new(self.text, span, message));
        }
        let mut items = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let is_comma = token.kind == TokenKind::Comma;
            if is_comma != (at % 2 == 1) {
                let message =
                    format!("{lead} a non-empty list of string values, but got ill-formed list.");
                return Err(FilterError::new(self.text, token.span, message));
            }
            if is_comma {
                continue;
            }
            if token.kind != TokenKind::Quoted {
                let message = format!(
                    "{lead} string value, punctuation, or whitespace, but got different type in list: {}",
                    &self.text[span.start..span.end]
                );
                return Err(FilterError::new(self.text, token.span, message));
            }
            items.push(quoted(*token));
        }
        Ok(items)
    }

    fn ident(&self, token: Token<'a>) -> Result<Ident<'a>, FilterError> {
        let is_single = token.kind == TokenKind::Quoted && token.raw.starts_with('\'');
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
            && !is_single
            && number_len(token.raw) != Some(token.raw.len());
        if !is_name {
            let message = format!(
                "Invalid comparison clause. Expected 'Identifier' found '{}'",
                token.raw
            );
            return Err(FilterError::new(self.text, token.span, message));
        }
        ident(self.text, token, self.names)
    }

    fn value(&self, ident: &Ident<'_>, token: Token<'a>) -> Result<Literal, FilterError> {
        let is_number =
            token.kind == TokenKind::Word && number_len(token.raw) == Some(token.raw.len());
        let fail = |message: String| Err(FilterError::new(self.text, token.span, message));
        let raw = token.raw;
        match (ident.is_number(), token.kind) {
            (true, _) if is_number => Ok(Literal {
                text: raw.to_owned(),
                is_quoted: false,
                span: token.span,
            }),
            (true, _) if ident.kind == "metric" => fail(format!(
                "Expected numeric value type for metric. Found {raw}"
            )),
            (true, _) => fail(format!(
                "Expected numeric value type for numeric attribute: {}. Found {raw}",
                ident.key
            )),
            (false, TokenKind::Quoted) => Ok(quoted(token)),
            (false, _) if !is_number => fail(format!(
                "Parameter value is either not quoted or unidentified quote types used for string value {raw}. \
                 Use either single or double quotes."
            )),
            (false, _) => match ident.kind {
                "attribute" => fail(format!(
                    "Expected a quoted string value for attributes. Got value {raw}"
                )),
                "dataset" => fail(format!(
                    "Expected a quoted string value for dataset attributes. Got value {raw}"
                )),
                kind => fail(format!(
                    "Expected a quoted string value for {kind} (e.g. 'my-value'). Got value {raw}"
                )),
            },
        }
    }

    fn operator(
        &self,
        ident: &Ident<'_>,
        comparator: &str,
        span: Span,
    ) -> Result<Operator, FilterError> {
        let operator = match comparator {
            "=" => Some(Operator::Equal),
            "!=" => Some(Operator::NotEqual),
            "<" => Some(Operator::Less),
            "<=" => Some(Operator::LessOrEqual),
            ">" => Some(Operator::Greater),
            ">=" => Some(Operator::GreaterOrEqual),
            "LIKE" => Some(Operator::Like),
            "ILIKE" => Some(Operator::LikeAnyCase),
            _ => None,
        };
        let fits = |operator: &Operator| match operator {
            Operator::Equal | Operator::NotEqual => true,
            operator => operator.is_pattern() != ident.is_number(),
        };
        operator.filter(fits).ok_or_else(|| {
            if self.names == Names::Experiments && ident.kind == "tag" {
                let message = format!("Invalid comparator for tag: {comparator}");
                return FilterError::new(self.text, span, message);
            }
            let valid = match ident.kind {
                "metric" => NUMERIC,
                "parameter" | "tag" => NAMED,
                _ => TEXTUAL,
            };
            // Some of its texts have no closing quote; clients compare them as they are.
            let is_closed = ident.kind == "parameter" || ident.kind == "attribute";
            let end = if is_closed && !ident.is_number() {
                "'"
            } else {
                ""
            };
            let message = format!("Invalid comparator '{comparator}' not one of '{valid}{end}");
            FilterError::new(self.text, span, message)
        })
    }

    fn invalid_clause(&self, left: Token<'a>) -> FilterError {
        let wrong = match left.kind {
            TokenKind::Other | TokenKind::Open => left,
            // A name with nothing behind it, or with something that is no comparison.
            _ => self
                .tokens
                .iter()
                .find(|token| token.kind == TokenKind::Other)
                .copied()
                .unwrap_or(left),
        };
        let is_last = self
            .tokens
            .last()
            .is_none_or(|last| last.span == wrong.span);
        let message = if wrong.raw == ";" && !is_last {
            format!(
                "Search filter contained multiple expression {}. Provide AND-ed expression list.",
                python_text(self.text)
            )
        } else if wrong.kind == TokenKind::Other {
            let quote = self.quote();
            format!(
                "Invalid clause(s) in filter string: {quote}{}{quote}",
                wrong.raw
            )
        } else {
            let invalid = self.invalid_texts();
            format!("Invalid clause(s) in filter string: {invalid}")
        };
        FilterError::new(self.text, wrong.span, message)
    }

    /// What is around a part of a filter that is shown.
    fn quote(&self) -> &'static str {
        match self.names {
            Names::Experiments => "",
            Names::Runs | Names::RunOrders => "'",
        }
    }

    /// Everything from here on that is no comparison, as its tokenizer groups it: what is in parentheses is one.
    fn invalid_texts(&self) -> String {
        let quote = self.quote();
        let mut texts = Vec::new();
        let mut rest = self.tokens;
        while let Some(token) = rest.first() {
            let len = if token.is("and") {
                1
            } else if let Some(len) = comparison_len(rest) {
                len
            } else {
                let len = group_len(rest);
                let span = token.span.to(rest[len - 1].span);
                let shown = &self.text[span.start..span.end];
                texts.push(format!("{quote}{shown}{quote}"));
                len
            };
            rest = &rest[len..];
        }
        texts.join(", ")
    }
}

/// How many tokens a comparison at the beginning has, whatever it compares.
fn comparison_len(tokens: &[Token<'_>]) -> Option<usize> {
    let is = |at: usize, keyword: &str| tokens.get(at).is_some_and(|token| token.is(keyword));
    let has_value = |at: usize| tokens.get(at).is_some_and(is_value);
    tokens.first().filter(|token| is_value(token))?;
    let after_not = 1 + usize::from(is(1, "not"));
    let is_sign = tokens.get(1).is_some_and(|t| t.kind == TokenKind::Sign);
    if is_sign && has_value(2) {
        return Some(3);
    }
    let is_pattern = ["like", "ilike", "rlike"]
        .iter()
        .any(|word| is(after_not, word));
    if is_pattern && has_value(after_not + 1) {
        return Some(after_not + 2);
    }
    if is(1, "is") && is(2, "null") {
        return Some(3);
    }
    if is(1, "is") && is(2, "not") && is(3, "null") {
        return Some(4);
    }
    let list = after_not + 1;
    let is_list = tokens.get(list).is_some_and(|t| t.kind == TokenKind::Open);
    (is(after_not, "in") && is_list).then(|| list + group_len(&tokens[list..]))
}

/// How many tokens at the beginning are one: all up to the parenthesis that closes the first.
fn group_len(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    // Nothing closes it: then it stands alone.
    1
}

/// A token that can stand on the right of a comparator, right or wrong.
fn is_value(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
        && !["and", "or", "not", "in", "is"]
            .iter()
            .any(|keyword| token.is(keyword))
}

/// A text as Python shows it, in the quotes that it does not have itself.
pub(crate) fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            letter if letter == quote => shown.extend(['\\', letter]),
            letter => shown.push(letter),
        }
    }
    shown.push(quote);
    shown
}

/// The text between the quotes as it stands there: nothing is unescaped.
fn quoted(token: Token<'_>) -> Literal {
    Literal {
        text: token.raw[1..token.raw.len() - 1].to_owned(),
        is_quoted: true,
        span: token.span,
    }
}
