//! Orders: which columns decide, and which way.

use super::column::Column;
use super::error::{FilterError, Span};
use super::expr::{Mode, Operand, Order};
use super::ident_mlflow;
use super::lex::{TokenKind, plain, tokens};
use super::name::operand;
use super::parse_mlflow::python_text;

/// Reads the columns to sort by; the first decides, each of the others between equals.
///
/// The full grammar takes a column as tables and filters write it, with `-` before it or `desc` behind it for the
/// largest first: `-acc`, `loss.min`, `loss.min@step`, `=lr`, `.started`, `params.lr desc`. `MLflow`'s takes
/// `metrics.acc DESC` and refuses a column that comes twice.
pub fn parse_orders<T: AsRef<str>>(
    texts: impl IntoIterator<Item = T>,
    mode: Mode,
) -> Result<Vec<Order>, FilterError> {
    let texts: Vec<T> = texts.into_iter().collect();
    let mut seen: Vec<String> = Vec::new();
    let mut orders = Vec::new();
    for text in &texts {
        let text = text.as_ref();
        let (operand, span, is_descending) = match mode {
            Mode::Full | Mode::Experiments => full(text, mode)?,
            Mode::Mlflow | Mode::MlflowExperiments => {
                let (operand, span, is_descending, name) = ident_mlflow::order(text, mode)?;
                if mode == Mode::Mlflow && seen.contains(&name) {
                    let shown: Vec<String> =
                        texts.iter().map(|t| python_text(t.as_ref())).collect();
                    let shown = shown.join(", ");
                    let message = format!("`order_by` contains duplicate fields: [{shown}]");
                    return Err(FilterError::new(text, span, message));
                }
                seen.push(name);
                (operand, span, is_descending)
            }
        };
        orders.push(Order {
            text: text.into(),
            mode,
            operand,
            span,
            is_descending,
        });
    }
    Ok(orders)
}

fn full(text: &str, mode: Mode) -> Result<(Operand, Span, bool), FilterError> {
    let whole = Span::new(0, text.len());
    let no_column = || {
        let message = "an order names one column, such as -acc, loss.min, =lr or .started";
        FilterError::new(text, whole, message)
    };
    let (rest, is_negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let tokens = tokens(rest).map_err(|error| FilterError::new(text, whole, error.message()))?;
    let (tokens, is_descending) = match &tokens[..] {
        [tokens @ .., last] if !tokens.is_empty() && last.is("asc") => (tokens, false),
        [tokens @ .., last] if !tokens.is_empty() && last.is("desc") => (tokens, true),
        tokens => (tokens, false),
    };
    let operand = match tokens {
        [name] if name.kind == TokenKind::Word => operand(rest, *name, mode).map_err(|error| {
            FilterError::new(text, whole, error.message()).suggesting(error.suggestion())
        })?,
        [name] if name.kind == TokenKind::Quoted => Operand::Bare(super::lex::unquoted(name.raw)),
        [sign, name] if sign.raw == "=" && name.kind == TokenKind::Word => {
            Operand::Column(Column::Param(plain(name.raw).into()))
        }
        _ => return Err(no_column()),
    };
    Ok((operand, whole, is_negative != is_descending))
}
