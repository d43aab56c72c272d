//! Which key does what: the one table, which help shows as well.
//!
//! Invariant: while a filter is typed, letters are letters.

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::filter_line::Edit;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Quit,
    /// By Ctrl-C.
    Interrupt,
    Suspend,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Open,
    Back,
    Filter,
    AcceptFilter,
    EditFilter(Edit),
    Smooth,
    LogAxis,
    NextAxis,
    Pin,
    Mark,
    Compare,
    Follow,
    Pause,
    Help,
    NextSort,
    ReverseSort,
    NextCharts,
    PreviousCharts,
}

/// Keys and what they do, as help lists them.
pub const HELP: &[(&str, &str)] = &[
    ("j k, arrows", "next and previous run"),
    ("PgUp PgDn", "a screen up and down"),
    ("Home End, g G", "first and last run"),
    ("Enter", "open the run; Esc goes back"),
    ("/", "filter as you type: loss < 0.2 and lr = 0.1"),
    ("o O", "sort by the next column; turn the order"),
    ("f", "follow the newest run"),
    ("Space", "pause, and go on"),
    ("m M", "next and previous metrics in the charts"),
    ("s", "smoothing: off, 0.6, 0.9, 0.97"),
    ("y", "logarithmic y axis"),
    ("t", "x axis: step, time, relative time"),
    ("x", "select a run; it is drawn in the charts, too"),
    ("p", "pin as the baseline of charts and comparison"),
    ("c", "compare baseline and selected runs"),
    ("Ctrl-L", "draw the screen anew"),
    ("?", "this help"),
    ("q", "quit; Ctrl-C too, Ctrl-Z suspends"),
];

/// What a key means.
pub fn action(key: KeyEvent, is_typing: bool) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return of_control(key.code, is_typing);
    }
    if is_typing {
        of_typing(key.code)
    } else {
        of_key(key.code)
    }
}

fn of_control(code: KeyCode, is_typing: bool) -> Option<Action> {
    let edit = |edit| is_typing.then_some(Action::EditFilter(edit));
    match code {
        KeyCode::Char('c') => Some(Action::Interrupt),
        KeyCode::Char('z') => Some(Action::Suspend),
        KeyCode::Char('l') => Some(Action::Redraw),
        KeyCode::Char('u') => edit(Edit::Clear),
        KeyCode::Char('w') => edit(Edit::DeleteWord),
        KeyCode::Char('a') => edit(Edit::Home),
        KeyCode::Char('e') => edit(Edit::End),
        KeyCode::Char('b') => Some(Action::PageUp),
        KeyCode::Char('f') => Some(Action::PageDown),
        _ => None,
    }
}

fn of_typing(code: KeyCode) -> Option<Action> {
    let edit = match code {
        KeyCode::Enter => return Some(Action::AcceptFilter),
        KeyCode::Esc => return Some(Action::Back),
        KeyCode::Up => return Some(Action::Up),
        KeyCode::Down => return Some(Action::Down),
        KeyCode::Char(letter) => Edit::Insert(letter.to_string()),
        KeyCode::Backspace => Edit::DeleteBack,
        KeyCode::Delete => Edit::Delete,
        KeyCode::Left => Edit::Left,
        KeyCode::Right => Edit::Right,
        KeyCode::Home => Edit::Home,
        KeyCode::End => Edit::End,
        _ => return None,
    };
    Some(Action::EditFilter(edit))
}

fn of_key(code: KeyCode) -> Option<Action> {
    Some(match code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Char('j') | KeyCode::Down => Action::Down,
        KeyCode::Char('k') | KeyCode::Up => Action::Up,
        KeyCode::Char('h') | KeyCode::Left => Action::Left,
        KeyCode::Char('l') | KeyCode::Right => Action::Right,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Char('g') | KeyCode::Home => Action::First,
        KeyCode::Char('G') | KeyCode::End => Action::Last,
        KeyCode::Enter => Action::Open,
        KeyCode::Esc => Action::Back,
        KeyCode::Char('/') => Action::Filter,
        KeyCode::Char('s') => Action::Smooth,
        KeyCode::Char('y') => Action::LogAxis,
        KeyCode::Char('t') => Action::NextAxis,
        KeyCode::Char('p') => Action::Pin,
        KeyCode::Char('x') => Action::Mark,
        KeyCode::Char('c') => Action::Compare,
        KeyCode::Char('f') => Action::Follow,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Char('?') => Action::Help,
        KeyCode::Char('o') => Action::NextSort,
        KeyCode::Char('O') => Action::ReverseSort,
        KeyCode::Char('m') => Action::NextCharts,
        KeyCode::Char('M') => Action::PreviousCharts,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: KeyCode, modifiers: KeyModifiers, is_typing: bool) -> Option<Action> {
        action(KeyEvent::new(code, modifiers), is_typing)
    }

    #[test]
    fn letters_are_letters_while_a_filter_is_typed() {
        let plain = KeyModifiers::NONE;
        assert_eq!(of(KeyCode::Char('q'), plain, false), Some(Action::Quit));
        let typed = Action::EditFilter(Edit::Insert("q".to_owned()));
        assert_eq!(of(KeyCode::Char('q'), plain, true), Some(typed));
        assert_eq!(
            of(KeyCode::Char('G'), KeyModifiers::SHIFT, false),
            Some(Action::Last)
        );
    }

    #[test]
    fn control_keys_end_and_suspend_everywhere() {
        for is_typing in [false, true] {
            let of = |letter| of(KeyCode::Char(letter), KeyModifiers::CONTROL, is_typing);
            assert_eq!(of('c'), Some(Action::Interrupt));
            assert_eq!(of('z'), Some(Action::Suspend));
        }
    }
}
