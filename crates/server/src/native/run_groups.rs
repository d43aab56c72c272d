//! `/api/v1/runs/groups`: runs grouped by what they have in some columns, with the numbers of others in short.
//!
//! Invariant: a group's values, as texts in the filter `COLUMN = 'VALUE'` or `COLUMN is null`, admit its runs.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use mltrack::{RunGroup, RunNumbers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::number::Number;
use super::page::{LIMIT_MAX, LIMIT_USUAL, limit_within, lsn_number};
use super::run_form::RunStateName;
use super::runs::{DeletedAsk, RunsAsk, query};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// The most columns to group by, and the most whose numbers are summed up.
const COLUMNS_MAX: usize = 20;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(run_groups))
}

/// Which runs, and by what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GroupsAsk {
    /// Columns to group by: `=lr`, `tags.team`, `.state`.
    pub by: Vec<String>,
    /// Columns whose numbers each group is to have in short: `loss`, `acc.max`, `.took`.
    pub columns: Vec<String>,
    /// Only runs of this experiment: its id or its name.
    pub experiment: Option<String>,
    /// Only runs that each of these filters admits.
    pub filter: Vec<String>,
    /// Only runs in these states.
    #[param(inline)]
    pub state: Vec<RunStateName>,
    /// Deleted runs too, or nothing but them.
    #[param(inline)]
    pub deleted: Option<DeletedAsk>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many groups, the largest.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
}

/// Runs in groups.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupsForm {
    /// The groups, the largest first.
    pub groups: Vec<GroupForm>,
    /// How many groups there are.
    pub total: u64,
    /// How many runs are in all of them.
    pub runs: u64,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// Runs that are alike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupForm {
    /// What they have in each column of `by`, as text; null where they have nothing.
    pub values: Vec<Option<String>>,
    /// How many they are.
    pub runs: u64,
    /// The numbers of the other columns, by column; a column that none of them has a number in is left out.
    pub columns: BTreeMap<String, NumbersForm>,
}

/// Numbers of runs, in short. NaN is counted and left out of the rest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Numbers)]
pub struct NumbersForm {
    /// How many runs have one.
    pub count: u64,
    /// Their mean.
    pub mean: Option<Number>,
    /// The smallest.
    pub min: Option<Number>,
    /// The largest.
    pub max: Option<Number>,
}

/// The runs in groups
///
/// With one column in `by` and no others these are the values of that column, with how many runs have each.
#[utoipa::path(get, path = "/runs/groups", tag = "runs", params(GroupsAsk),
    responses((status = 200, description = "the groups, the largest first", body = GroupsForm), Faults))]
async fn run_groups(
    State(shared): State<Shared>,
    caller: Caller,
    Ask(ask): Ask<GroupsAsk>,
) -> Answer<Json<GroupsForm>> {
    for (name, columns) in [("by", &ask.by), ("columns", &ask.columns)] {
        if columns.len() > COLUMNS_MAX || (name == "by" && columns.is_empty()) {
            let what = format!(
                "{name} names {} columns, and it can be 1 to {COLUMNS_MAX}",
                columns.len()
            );
            return Err(Fault::invalid(what).hint("such as by=%3Dlr&columns=loss"));
        }
    }
    blocking(move || {
        let limit = limit_within(ask.limit.unwrap_or(LIMIT_USUAL), LIMIT_MAX)?;
        let question = RunsAsk {
            scope: caller.scope,
            experiment: ask.experiment,
            filter: ask.filter,
            state: ask.state,
            deleted: ask.deleted,
            at: ask.at,
            ..RunsAsk::default()
        };
        let by: Vec<&str> = ask.by.iter().map(String::as_str).collect();
        let of: Vec<&str> = ask.columns.iter().map(String::as_str).collect();
        let found = query(shared.tracker(), question)?.fetch_groups(&by, &of, limit)?;
        let groups = found.groups.into_iter();
        Ok(Json(GroupsForm {
            groups: groups.map(|group| form(group, &ask.columns)).collect(),
            total: found.total as u64,
            runs: found.runs as u64,
            lsn: lsn_number(found.lsn),
        }))
    })
    .await
}

fn form(group: RunGroup, columns: &[String]) -> GroupForm {
    let numbers = columns.iter().zip(group.summaries);
    let numbers = numbers.filter(|(_, numbers)| numbers.count > 0);
    GroupForm {
        values: group.values,
        runs: group.rows as u64,
        columns: numbers
            .map(|(column, numbers)| (column.clone(), numbers_form(numbers)))
            .collect(),
    }
}

fn numbers_form(numbers: RunNumbers) -> NumbersForm {
    NumbersForm {
        count: numbers.count as u64,
        mean: numbers.mean.map(Number),
        min: numbers.min.map(Number),
        max: numbers.max.map(Number),
    }
}
