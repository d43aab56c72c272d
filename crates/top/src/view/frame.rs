//! What is around: the header, the filter, the footer.

use ratatui_core::layout::{Position, Rect};
use ratatui_core::style::Style;

use super::pen::Pen;
use crate::look::Tone;
use crate::model::{Model, Page};
use crate::words::{count, grouped, width};

/// So many records behind are nothing to tell of: they came while the answer was made.
const BEHIND_MIN: u64 = 1;

/// A message that has so much room stands behind its mark, and is cut where it is longer.
const ROOM_MIN: usize = 24;

pub fn header(model: &Model, area: Rect, pen: &mut Pen<'_>) {
    let (badge, tone) = badge(model, pen);
    let badge_width = width(&badge) as u16;
    let left = area.width.saturating_sub(badge_width + 1);
    let mut pieces = vec![
        (" mltrack top ".to_owned(), pen.tone(Tone::Chosen)),
        (" ".to_owned(), Style::new()),
    ];
    if area.width >= 80 || model.answer.counts.is_empty() {
        pieces.push((format!("{}  ", model.store), pen.tone(Tone::Strong)));
    }
    if !model.scope.is_empty() {
        pieces.push((format!("{}  ", model.scope), pen.tone(Tone::Plain)));
    }
    for known in &model.answer.counts {
        let (sign, _, word, tone) = pen.look.state(known.state);
        let runs = grouped(known.runs as u64);
        pieces.push((format!("{sign} {runs} {word}  "), pen.tone(tone)));
    }
    let rate = model.rate.per_second(model.now_ns);
    pieces.push((format!("{} points/s  ", count(rate)), pen.tone(Tone::Plain)));
    pieces.push((
        format!("lag {}", count(model.answer.behind as f64)),
        pen.tone(Tone::Faint),
    ));
    let room = Rect {
        width: left,
        ..area
    };
    pen.pieces(room, &pieces);
    let style = pen.tone(tone);
    pen.right((area.x, area.y), area.width, &badge, style);
}

fn badge(model: &Model, pen: &Pen<'_>) -> (String, Tone) {
    if model.is_paused {
        return (format!("{} paused", pen.look.sign("‖", "=")), Tone::Warning);
    }
    let late_ns = model.now_ns.saturating_sub(model.answer.time_ns);
    if model.answer.behind >= BEHIND_MIN && late_ns >= 2_000_000_000 {
        return (
            format!("{} s behind", late_ns / 1_000_000_000),
            Tone::Warning,
        );
    }
    let what = if model.follows { "following" } else { "live" };
    (format!("{} {what}", pen.look.sign("●", "*")), Tone::Good)
}

/// The line that is typed into, and what is wrong with it below; answers where the cursor stands.
pub fn filter(model: &Model, area: Rect, pen: &mut Pen<'_>) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let line = &model.filter;
    let strong = pen.tone(Tone::Strong);
    let start = pen.text((area.x, area.y), area.width, "/ ", strong);
    let room = area.right() - start;
    // What does not fit is left out before the cursor, where it was read already.
    let before = width(line.before_cursor()) as u16;
    let hidden = before.saturating_sub(room.saturating_sub(1));
    let shown = without_columns(line.text(), hidden.into());
    pen.text((start, area.y), room, shown, Style::new());
    if area.height > 1 {
        trouble(
            model,
            Rect {
                y: area.y + 1,
                height: 1,
                ..area
            },
            (start, hidden),
            pen,
        );
    }
    line.is_open()
        .then(|| Position::new(start + before - hidden, area.y))
}

fn without_columns(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, letter) in text.char_indices() {
        if taken >= columns {
            return &text[at..];
        }
        taken += width(letter.encode_utf8(&mut [0; 4]));
    }
    if columns == 0 { text } else { "" }
}

/// Underlines what is wrong, and says what is.
fn trouble(model: &Model, area: Rect, (start, hidden): (u16, u16), pen: &mut Pen<'_>) {
    let warning = pen.tone(Tone::Warning);
    let Some(refusal) = &model.answer.refusal else {
        let note = model.answer.notes.join("; ");
        pen.text((area.x + 2, area.y), area.width - 2, &note, warning);
        return;
    };
    let columns = |to: usize| refusal.text.get(..to).map_or(0, width) as u16;
    let first = start + columns(refusal.start).saturating_sub(hidden);
    let len = (columns(refusal.end).saturating_sub(columns(refusal.start))).max(1);
    let bad = pen.tone(Tone::Bad);
    let mut message = refusal.message.clone();
    if let Some(suggestion) = &refusal.suggestion {
        message = format!("{message}: did you mean {suggestion}?");
    }
    let marks = "^".repeat(len.into());
    let end = pen.text(
        (first, area.y),
        area.right().saturating_sub(first),
        &marks,
        bad,
    );
    let room = area.right().saturating_sub(end + 1);
    if usize::from(room) >= width(&message).min(ROOM_MIN) {
        pen.text((end + 1, area.y), room, &message, bad);
    } else {
        // Before the mark there is as much room as the filter is long.
        let text = format!("{message} ");
        let room = if usize::from(first) > width(&text) {
            first
        } else {
            area.width
        };
        pen.text((area.x, area.y), room, &text, bad);
    }
}

pub fn footer(model: &Model, area: Rect, pen: &mut Pen<'_>) {
    if let Some(notice) = &model.notice {
        let style = pen.tone(Tone::Warning);
        pen.text((area.x, area.y), area.width, notice, style);
        return;
    }
    let keys: &[(&str, &str)] = match model.page {
        Page::Help => &[("j k", "scroll"), ("Esc", "back"), ("q", "quit")],
        Page::Compare => &[
            ("j k", "scroll"),
            ("h l", "runs"),
            ("Esc", "back"),
            ("?", "help"),
            ("q", "quit"),
        ],
        Page::Table if model.filter.is_open() => &[
            ("Enter", "keep"),
            ("Esc", "give up"),
            ("Ctrl-U", "clear"),
            ("arrows", "move"),
        ],
        Page::Run => &[
            ("Esc", "back"),
            ("m", "metrics"),
            ("s", "smooth"),
            ("y", "log"),
            ("t", "axis"),
            ("x", "select"),
            ("p", "pin"),
            ("c", "compare"),
            ("?", "help"),
            ("q", "quit"),
        ],
        Page::Table => &[
            ("?", "help"),
            ("/", "filter"),
            ("o", "sort"),
            ("x", "select"),
            ("p", "pin"),
            ("c", "compare"),
            ("f", "follow"),
            ("q", "quit"),
            ("s", "smooth"),
            ("y", "log"),
            ("t", "axis"),
            ("m", "metrics"),
        ],
    };
    let mut pieces = Vec::new();
    for (key, what) in keys {
        pieces.push(((*key).to_owned(), pen.tone(Tone::Strong)));
        pieces.push((format!(" {what}  "), pen.tone(Tone::Faint)));
    }
    pen.pieces(area, &pieces);
}
