//! The full grammar.
//!
//! ```text
//! filter     = [either]
//! either     = both ("or" both)*
//! both       = one (["and"] one)*
//! one        = "not" one | "(" either ")" | comparison | word
//! comparison = column operator literal
//!            | column ["not"] ("like" | "ilike") text
//!            | column ["not"] "in" "(" literal ("," literal)* ")"
//!            | column ["not"] "between" literal "and" literal
//!            | column "is" ["not"] "null"
//! operator   = "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">="
//! ```
//!
//! Invariant: what nests is counted, so that no text can overflow the stack.

use super::column::{Attribute, Kind};
use super::error::{FilterError, Span};
use super::expr::{Check, Expr, Literal, Mode, Node, Operand, Operator, Test};
use super::lex::{Token, TokenKind, plain, tokens, unquoted};
use super::name::operand;
use super::parse_mlflow;

/// How deep parentheses and `not` may nest.
const DEPTH_MAX: usize = 64;

/// Reads a filter. What depends on the names that there are is settled when it is asked: see
/// [`select`](crate::search::select).
///
/// ```
/// use mltrack_projector_runs::search::{Mode, parse};
///
/// assert!(parse("loss.min < 0.5 and (lr in (0.1, 0.01) or not dirty)", Mode::Full).is_ok());
/// let error = parse("metrics.acc > 0.9 OR metrics.acc < 0.1", Mode::Mlflow).unwrap_err();
/// assert_eq!(error.message(), "Invalid clause(s) in filter string: 'OR'");
/// assert_eq!(&error.text()[error.span().start..error.span().end], "OR");
/// ```
pub fn parse(text: &str, mode: Mode) -> Result<Expr, FilterError> {
    let node = match mode {
        Mode::Mlflow | Mode::MlflowExperiments => parse_mlflow::node(text, mode)?,
        Mode::Full | Mode::Experiments => {
            let tokens = tokens(text)?;
            Parser {
                text,
                mode,
                tokens: &tokens,
                at: 0,
                depth: 0,
            }
            .filter()?
        }
    };
    Ok(Expr {
        text: text.into(),
        mode,
        node,
    })
}

struct Parser<'a> {
    text: &'a str,
    mode: Mode,
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn filter(mut self) -> Result<Node, FilterError> {
        if self.tokens.is_empty() {
            return Ok(Node::All);
        }
        let node = self.either()?;
        match self.peek() {
            None => Ok(node),
            Some(_) => Err(self.expected("`and`, `or` or the end")),
        }
    }

    fn either(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.both()?];
        while self.take("or") {
            nodes.push(self.both()?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    fn both(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.one()?];
        while self.take("and") || self.starts_one() {
            nodes.push(self.one()?);
        }
        Ok(one_or(nodes, Node::And))
    }

    /// Whether what stands here begins a part, so that `and` was left out.
    fn starts_one(&self) -> bool {
        self.peek().is_some_and(|token| match token.kind {
            TokenKind::Word => !token.is("or"),
            TokenKind::Quoted | TokenKind::Open => true,
            TokenKind::Sign => self.is_param_form(),
            TokenKind::Close | TokenKind::Comma | TokenKind::Other => false,
        })
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        if self.depth == DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} parentheses and `not` inside each other");
            return Err(FilterError::new(self.text, self.here(), message));
        }
        self.depth += 1;
        let node = if self.take("not") {
            Node::Not(Box::new(self.one()?))
        } else if self.take_kind(TokenKind::Open) {
            let inner = self.either()?;
            if !self.take_kind(TokenKind::Close) {
                return Err(self.expected("`)`"));
            }
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn term(&mut self) -> Result<Node, FilterError> {
        let first = match self.peek() {
            Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::Quoted) => token,
            Some(token) if self.is_param_form() => token,
            _ => return Err(self.expected("a comparison such as `loss < 0.5`, or a word")),
        };
        if is_keyword(first) {
            return Err(self.expected("a comparison such as `loss < 0.5`, or a word"));
        }
        let (operand, span) = self.operand(first)?;
        if !self.starts_check() {
            return self.word(first, operand, span);
        }
        self.comparison(&operand, span)
    }

    /// What is compared: a word, a quoted name, or `=lr`.
    fn operand(&mut self, first: Token<'a>) -> Result<(Operand, Span), FilterError> {
        self.at += 1;
        match first.kind {
            TokenKind::Quoted => Ok((Operand::Bare(unquoted(first.raw)), first.span)),
            TokenKind::Sign => {
                let name = self.tokens[self.at];
                self.at += 1;
                let span = first.span.to(name.span);
                let column = super::column::Column::Param(plain(name.raw).into());
                Ok((Operand::Column(column), span))
            }
            _ => Ok((operand(self.text, first, self.mode)?, first.span)),
        }
    }

    /// A name that is compared with nothing: a fact, or a word to look for.
    fn word(&self, first: Token<'a>, operand: Operand, span: Span) -> Result<Node, FilterError> {
        let attribute = match &operand {
            Operand::Bare(name) if first.kind == TokenKind::Word => {
                Attribute::of_name(self.mode, name)
            }
            Operand::Column(super::column::Column::Attribute(attribute)) => Some(*attribute),
            _ => None,
        };
        if attribute.is_some_and(|attribute| attribute.kind() == Kind::Flag) {
            return Ok(Node::Test(Test {
                operand: Operand::attribute(Attribute::Dirty),
                span,
                check: Check::Presence { is_present: true },
            }));
        }
        if let Operand::Bare(word) = operand {
            return Ok(Node::Word(word));
        }
        let name = &self.text[span.start..span.end];
        let message = format!(
            "{name} is compared with nothing: `{name} is not null` admits the runs that have it"
        );
        Err(FilterError::new(self.text, span, message))
    }

    fn comparison(&mut self, operand: &Operand, span: Span) -> Result<Node, FilterError> {
        let test = |check| {
            Node::Test(Test {
                operand: operand.clone(),
                span,
                check,
            })
        };
        if self.take("is") {
            let is_present = self.take("not");
            if !self.take("null") {
                return Err(self.expected("`null` or `not null`"));
            }
            return Ok(test(Check::Presence { is_present }));
        }
        let is_negated = self.take("not");
        if self.take("in") {
            let items = self.list()?;
            return Ok(test(Check::In { items, is_negated }));
        }
        if self.take("between") {
            let low = self.literal()?;
            if !self.take("and") {
                return Err(self.expected("`and` and the upper bound"));
            }
            let high = self.literal()?;
            let bound = |operator, literal| test(Check::Compare(operator, literal));
            return Ok(if is_negated {
                Node::Or(vec![
                    bound(Operator::Less, low),
                    bound(Operator::Greater, high),
                ])
            } else {
                Node::And(vec![
                    bound(Operator::GreaterOrEqual, low),
                    bound(Operator::LessOrEqual, high),
                ])
            });
        }
        let operator = self.operator(is_negated)?;
        let literal = self.literal()?;
        Ok(test(Check::Compare(operator, literal)))
    }

    fn operator(&mut self, is_negated: bool) -> Result<Operator, FilterError> {
        let patterns = [
            ("like", Operator::Like, Operator::NotLike),
            ("ilike", Operator::LikeAnyCase, Operator::NotLikeAnyCase),
        ];
        for (keyword, plain, negated) in patterns {
            if self.take(keyword) {
                return Ok(if is_negated { negated } else { plain });
            }
        }
        let Some(token) = self.peek().filter(|token| token.kind == TokenKind::Sign) else {
            return Err(self.expected("like, ilike, in or between after `not`"));
        };
        self.at += 1;
        operator_of_sign(token.raw).ok_or_else(|| {
            let nearest = match token.raw {
                "=>" => Some(">="),
                "=<" => Some("<="),
                "=!" => Some("!="),
                "~" | "~=" | "=~" => Some("like"),
                _ => None,
            };
            let message = format!(
                "{:?} is no operator: there are = != < <= > >= like ilike in between is",
                token.raw
            );
            FilterError::new(self.text, token.span, message).suggesting(nearest)
        })
    }

    fn list(&mut self) -> Result<Vec<Literal>, FilterError> {
        if !self.take_kind(TokenKind::Open) {
            return Err(self.expected("a list in parentheses, such as ('a', 'b')"));
        }
        let mut items = vec![self.literal()?];
        loop {
            if self.take_kind(TokenKind::Close) {
                return Ok(items);
            }
            if !self.take_kind(TokenKind::Comma) {
                return Err(self.expected("`,` or `)`"));
            }
            if self.take_kind(TokenKind::Close) {
                return Ok(items);
            }
            items.push(self.literal()?);
        }
    }

    fn literal(&mut self) -> Result<Literal, FilterError> {
        let token = match self.peek() {
            Some(token) if token.kind == TokenKind::Quoted => token,
            Some(token) if token.kind == TokenKind::Word && !is_keyword(token) => token,
            _ => return Err(self.expected("a number, a text or a time")),
        };
        self.at += 1;
        let is_quoted = token.kind == TokenKind::Quoted;
        Ok(Literal {
            text: if is_quoted {
                unquoted(token.raw)
            } else {
                plain(token.raw)
            },
            is_quoted,
            span: token.span,
        })
    }

    /// Whether a comparison goes on here.
    fn starts_check(&self) -> bool {
        let is_check = |token: &Token<'_>| {
            ["like", "ilike", "in", "between"]
                .iter()
                .any(|keyword| token.is(keyword))
        };
        self.peek().is_some_and(|token| {
            let after = self.tokens.get(self.at + 1);
            (token.kind == TokenKind::Sign && !self.is_param_form_after_word())
                || is_check(&token)
                || token.is("is")
                || (token.is("not") && after.is_some_and(is_check))
        })
    }

    /// Whether `=lr` stands here: the sign and the name without a blank in between.
    fn is_param_form(&self) -> bool {
        let (Some(sign), Some(name)) = (self.peek(), self.tokens.get(self.at + 1)) else {
            return false;
        };
        sign.raw == "=" && name.kind == TokenKind::Word && name.span.start == sign.span.end
    }

    /// Behind a word the sign is an operator, also without blanks, unless an operator follows the name: `good =lr < 1`.
    fn is_param_form_after_word(&self) -> bool {
        let follows = self.tokens.get(self.at + 2);
        let before = self.tokens[self.at - 1].span.end;
        self.is_param_form()
            && self.peek().is_some_and(|sign| sign.span.start > before)
            && follows.is_some_and(|token| token.kind == TokenKind::Sign)
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn take(&mut self, keyword: &str) -> bool {
        let is_there = self.peek().is_some_and(|token| token.is(keyword));
        self.at += usize::from(is_there);
        is_there
    }

    fn take_kind(&mut self, kind: TokenKind) -> bool {
        let is_there = self.peek().is_some_and(|token| token.kind == kind);
        self.at += usize::from(is_there);
        is_there
    }

    fn here(&self) -> Span {
        self.peek().map_or_else(
            || Span::new(self.text.len(), self.text.len()),
            |token| token.span,
        )
    }

    fn expected(&self, what: &str) -> FilterError {
        let found = match self.peek() {
            None => "the filter ends".to_owned(),
            Some(token) => format!("it says {}", token.raw),
        };
        FilterError::new(self.text, self.here(), format!("{found}, expected {what}"))
    }
}

fn one_or(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() == 1
        && let Some(node) = nodes.pop()
    {
        return node;
    }
    join(nodes)
}

/// Words that mean something by themselves and stand in quotes when they are meant as texts.
fn is_keyword(token: Token<'_>) -> bool {
    let keywords = [
        "and", "or", "not", "in", "is", "like", "ilike", "between", "null",
    ];
    keywords.iter().any(|keyword| token.is(keyword))
}

pub(crate) fn operator_of_sign(sign: &str) -> Option<Operator> {
    Some(match sign {
        "=" | "==" => Operator::Equal,
        "!=" | "<>" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return None,
    })
}
