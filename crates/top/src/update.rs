//! How the screen's state changes: by keys, by answers, by the terminal's size.
//!
//! Invariant: a pure function of the state and what happened; what is to be done outside is in its answer.

use mltrack::RunId;

use crate::columns::sort_keys;
use crate::keys::{Action, HELP};
use crate::model::{Model, Page, SMOOTHINGS};
use crate::question::{Answer, Sort, SortKey};
use crate::view::layout::Layout;

/// So many runs can be marked: as many as a comparison takes.
const MARKED_MAX: usize = mltrack::COMPARED_RUNS_MAX;

/// What is to be done outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    None,
    Quit,
    Interrupt,
    Suspend,
    Redraw,
}

/// Takes in what the store told. An answer to an older question shows its rows and leaves the cursor alone; whether it
/// was one to the present question is told.
pub fn take(model: &mut Model, answer: Answer) -> bool {
    let is_current = model.question() == answer.question;
    let is_other = answer.question.filter != model.answer.question.filter;
    if is_other && answer.refusal.is_none() {
        model.rate.forget();
    }
    model.rate.see(answer.time_ns, answer.points);
    if is_current {
        let settled = answer.question.settled(&answer);
        (model.top, model.cursor, model.held) = (settled.top, settled.cursor, settled.held);
    }
    model.answer = answer;
    if is_current && model.answer.question.charts.is_some() {
        let last = model.answer.labels.len().saturating_sub(1);
        model.first_chart = model.first_chart.min(last);
    }
    is_current
}

/// Does what a key wants.
pub fn act(model: &mut Model, action: &Action) -> Effect {
    model.notice = None;
    match action {
        Action::Quit => return Effect::Quit,
        Action::Interrupt => return Effect::Interrupt,
        Action::Suspend => return Effect::Suspend,
        Action::Redraw => return Effect::Redraw,
        Action::Help if model.page == Page::Help => back(model),
        Action::Help => {
            (model.page_before, model.page) = (model.page, Page::Help);
            model.scroll = 0;
        }
        Action::Back => back(model),
        Action::Filter => {
            model.page = Page::Table;
            model.filter.open();
        }
        Action::AcceptFilter => model.filter.accept(),
        Action::EditFilter(edit) => {
            model.filter.edit(edit);
            let_go(model);
        }
        _ if model.page == Page::Help || model.page == Page::Compare => scroll(model, action),
        _ => return of_list(model, action),
    }
    Effect::None
}

fn of_list(model: &mut Model, action: &Action) -> Effect {
    match action {
        Action::Up => step(model, -1),
        Action::Down => step(model, 1),
        Action::PageUp => step(model, -page_len(model)),
        Action::PageDown => step(model, page_len(model)),
        Action::First => step(model, isize::MIN),
        Action::Last => step(model, isize::MAX),
        Action::Open => model.page = Page::Run,
        Action::Smooth => {
            model.smoothing = (model.smoothing + 1) % SMOOTHINGS.len();
            model.notice = Some(match model.share() {
                0.0 => "smoothing off".to_owned(),
                share => format!("smoothing {share}"),
            });
        }
        Action::LogAxis => {
            model.is_log = !model.is_log;
            let name = if model.is_log {
                "logarithmic"
            } else {
                "linear"
            };
            model.notice = Some(format!("y axis {name}"));
        }
        Action::NextAxis => {
            model.axis = model.axis.next();
            model.notice = Some(format!("x axis: {}", model.axis.name()));
        }
        Action::Pin => pin(model),
        Action::Mark => mark(model),
        Action::Compare => compare(model),
        Action::Follow => follow(model),
        Action::Pause => model.is_paused = !model.is_paused,
        Action::NextSort => next_sort(model),
        Action::ReverseSort => reverse_sort(model),
        Action::NextCharts | Action::Right => turn_charts(model, true),
        Action::PreviousCharts | Action::Left => turn_charts(model, false),
        _ => {}
    }
    Effect::None
}

/// From what is on top to what is below it.
fn back(model: &mut Model) {
    if model.filter.is_open() {
        model.filter.give_up();
        let_go(model);
        return;
    }
    match model.page {
        Page::Help => model.page = model.page_before,
        Page::Run | Page::Compare => model.page = Page::Table,
        Page::Table if !model.filter.text().is_empty() => {
            model.filter = crate::filter_line::FilterLine::default();
            let_go(model);
        }
        Page::Table => {}
    }
    model.scroll = 0;
    model.scroll_across = 0;
}

/// Another list begins at its beginning.
fn let_go(model: &mut Model) {
    (model.top, model.cursor, model.held) = (0, 0, None);
    model.first_chart = 0;
}

fn page_len(model: &Model) -> isize {
    isize::from(Layout::of(model).rows.height.max(2) as i16) - 1
}

fn step(model: &mut Model, by: isize) {
    let last = model.answer.total.saturating_sub(1);
    model.follows = false;
    model.cursor = model.cursor.saturating_add_signed(by).min(last);
    model.held = model.answer.row(model.cursor).map(|run| run.id);
    let height = usize::from(Layout::of(model).rows.height).max(1);
    model.top = model
        .top
        .clamp((model.cursor + 1).saturating_sub(height), model.cursor);
}

fn turn_charts(model: &mut Model, is_forward: bool) {
    let count = Layout::of(model)
        .charts
        .map_or(1, |charts| charts.count().max(1));
    let known = model.answer.labels.len();
    model.first_chart = match is_forward {
        true if model.first_chart + count < known => model.first_chart + count,
        true => 0,
        false if model.first_chart == 0 => known.saturating_sub(1) / count * count,
        false => model.first_chart.saturating_sub(count),
    };
}

fn scroll(model: &mut Model, action: &Action) {
    let page = usize::from(model.height.saturating_sub(6)).max(1);
    let last = match (model.page, &model.answer.comparison) {
        (Page::Compare, Some(Ok(found))) => found.params.len() + found.metrics.len(),
        (Page::Compare, _) => 0,
        _ => HELP.len(),
    };
    let runs = model.compared().len();
    match action {
        Action::Up => model.scroll = model.scroll.saturating_sub(1),
        Action::Down => model.scroll += 1,
        Action::PageUp => model.scroll = model.scroll.saturating_sub(page),
        Action::PageDown => model.scroll += page,
        Action::First => model.scroll = 0,
        Action::Last => model.scroll = usize::MAX,
        Action::Left => model.scroll_across = model.scroll_across.saturating_sub(1),
        Action::Right => model.scroll_across += 1,
        Action::Compare if model.page == Page::Compare => back(model),
        Action::Pause => model.is_paused = !model.is_paused,
        _ => {}
    }
    model.scroll = model.scroll.min(last.saturating_sub(1));
    // The baseline always stands there.
    model.scroll_across = model.scroll_across.min(runs.saturating_sub(2));
}

fn chosen(model: &mut Model) -> Option<RunId> {
    let chosen = model.answer.row(model.cursor).map(|run| run.id);
    if chosen.is_none() {
        model.notice = Some("there is no run under the cursor".to_owned());
    }
    chosen
}

fn pin(model: &mut Model) {
    let Some(run) = chosen(model) else { return };
    let is_pinned = model.baseline == Some(run);
    model.baseline = (!is_pinned).then_some(run);
    let what = if is_pinned {
        "not the baseline any more"
    } else {
        "the baseline"
    };
    model.notice = Some(format!("{} is {what}", run.short()));
}

fn mark(model: &mut Model) {
    let Some(run) = chosen(model) else { return };
    match model.marked.iter().position(|marked| *marked == run) {
        Some(at) => drop(model.marked.remove(at)),
        None if model.marked.len() < MARKED_MAX => model.marked.push(run),
        None => model.notice = Some(format!("{MARKED_MAX} runs are selected, and that is all")),
    }
}

fn compare(model: &mut Model) {
    if model.compared().len() < 2 {
        let what = "select two runs with x, or one and a baseline with p, and press c again";
        model.notice = Some(what.to_owned());
        return;
    }
    model.page = Page::Compare;
    (model.scroll, model.scroll_across) = (0, 0);
}

fn follow(model: &mut Model) {
    model.follows = !model.follows;
    if model.follows {
        model.sort = Sort::default();
        let_go(model);
    }
    let what = if model.follows {
        "following the newest run"
    } else {
        "following no run"
    };
    model.notice = Some(what.to_owned());
}

fn next_sort(model: &mut Model) {
    let keys = sort_keys(model);
    let at = keys.iter().position(|key| *key == model.sort.key);
    let key = keys[at.map_or(0, |at| at + 1) % keys.len()].clone();
    let is_descending = !matches!(key, SortKey::Live | SortKey::Name | SortKey::Param(_));
    model.sort = Sort { key, is_descending };
    let_go(model);
}

fn reverse_sort(model: &mut Model) {
    if model.sort.key == SortKey::Live {
        model.notice =
            Some("running runs come first, newest first: o sorts by a column".to_owned());
        return;
    }
    model.sort.is_descending = !model.sort.is_descending;
    let_go(model);
}
