//! What takes an operation on an experiment back; the rules are those of `inverse.rs`.

use std::collections::{BTreeSet, VecDeque};

use mltrack_event::{
    Event, ExperimentArchived, ExperimentDeleted, ExperimentEdited, ExperimentId,
    ExperimentRestored, ExperimentState, ExperimentStateMoved, ExperimentTagged, GoalEdit,
    RestoredFrom,
};
use mltrack_projector_runs::Experiment;

use crate::aspect::{Aspect, OfExperiment};
use crate::inverse::{By, Hindrance, Three};

/// Sets an experiment back. `has_runs` says whether it has runs that are not deleted.
pub(crate) fn of_experiment(
    three: &Three<'_, Experiment>,
    has_runs: bool,
    by: By<'_>,
) -> Result<Vec<Event>, Hindrance> {
    let id = three.after.id;
    let Some(before) = three.before else {
        return uncreate(three.now, has_runs, by);
    };
    let mut events = Vec::new();
    events.extend(deletion(three, before, by)?);
    events.extend(fields(three, before, by)?);
    events.extend(tags(three, before, by)?);
    if before.state != three.after.state {
        if three.now.state != three.after.state {
            let state = Aspect::Experiment(id, OfExperiment::State);
            return Err(Hindrance::Changed(state));
        }
        events.extend(state(id, three.now.state, before.state, by)?);
    }
    Ok(events)
}

fn uncreate(now: &Experiment, has_runs: bool, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    let changed = |of| Err(Hindrance::Changed(Aspect::Experiment(now.id, of)));
    if now.deleted.is_some() {
        return changed(OfExperiment::Deletion);
    }
    if has_runs {
        return changed(OfExperiment::Runs);
    }
    Ok(vec![deleted(now.id, by)])
}

fn deleted(experiment: ExperimentId, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    ExperimentDeleted {
        experiment,
        actor,
        command,
    }
    .into()
}

fn deletion(
    three: &Three<'_, Experiment>,
    before: &Experiment,
    by: By<'_>,
) -> Result<Option<Event>, Hindrance> {
    let experiment = three.after.id;
    if before.deleted.is_some() == three.after.deleted.is_some() {
        return Ok(None);
    }
    if three.now.deleted.is_some() != three.after.deleted.is_some() {
        let deletion = Aspect::Experiment(experiment, OfExperiment::Deletion);
        return Err(Hindrance::Changed(deletion));
    }
    if before.deleted.is_some() {
        return Ok(Some(deleted(experiment, by)));
    }
    Ok(Some(restored(experiment, RestoredFrom::Deletion, by)))
}

fn restored(experiment: ExperimentId, from: RestoredFrom, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    ExperimentRestored {
        experiment,
        from,
        actor,
        command,
    }
    .into()
}

/// One edit with every field that the operation changed.
fn fields(
    three: &Three<'_, Experiment>,
    before: &Experiment,
    by: By<'_>,
) -> Result<Option<Event>, Hindrance> {
    let (after, now) = (three.after, three.now);
    let (actor, command) = by.pair();
    let mut edit = ExperimentEdited {
        experiment: after.id,
        name: None,
        description: None,
        hypothesis: None,
        owner: None,
        collaborators: None,
        goal: None,
        metadata: None,
        actor,
        command,
    };
    let untouched = edit.clone();
    /// Sets one field of the edit, when the operation changed it and nobody has since.
    macro_rules! set_back {
        ($field:ident, $aspect:ident, $value:expr) => {
            if before.$field != after.$field {
                if now.$field != after.$field {
                    let aspect = Aspect::Experiment(after.id, OfExperiment::$aspect);
                    return Err(Hindrance::Changed(aspect));
                }
                edit.$field = Some($value);
            }
        };
    }
    set_back!(name, Name, before.name.clone());
    set_back!(description, Description, before.description.clone());
    set_back!(hypothesis, Hypothesis, before.hypothesis.clone());
    set_back!(owner, Owner, before.owner.clone());
    set_back!(collaborators, Collaborators, before.collaborators.clone());
    let goal = before.goal.clone().map_or(GoalEdit::Clear, GoalEdit::Set);
    set_back!(goal, Goal, goal);
    let metadata = before.metadata.clone().unwrap_or_default();
    set_back!(metadata, Metadata, metadata);
    Ok((edit != untouched).then(|| edit.into()))
}

fn tags(
    three: &Three<'_, Experiment>,
    before: &Experiment,
    by: By<'_>,
) -> Result<Option<Event>, Hindrance> {
    let experiment = three.after.id;
    let (was, made) = (&before.tags, &three.after.tags);
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    let keys: BTreeSet<&String> = was.keys().chain(made.keys()).collect();
    for key in keys {
        if was.get(key) == made.get(key) {
            continue;
        }
        if three.now.tags.get(key) != made.get(key) {
            let tag = Aspect::Experiment(experiment, OfExperiment::Tag(key.clone()));
            return Err(Hindrance::Changed(tag));
        }
        match was.get(key) {
            Some(value) => set.push((key.clone(), value.clone())),
            None => remove.push(key.clone()),
        }
    }
    if set.is_empty() && remove.is_empty() {
        return Ok(None);
    }
    let (actor, command) = by.pair();
    let tagged = ExperimentTagged {
        experiment,
        set,
        remove,
        actor,
        command,
    };
    Ok(Some(tagged.into()))
}

/// The shortest legal way from where it is to where it was, by the events that make each move.
fn state(
    experiment: ExperimentId,
    now: ExperimentState,
    before: ExperimentState,
    by: By<'_>,
) -> Result<Vec<Event>, Hindrance> {
    let Some(way) = way(now, before) else {
        let what = format!("the experiment is {now} and cannot become {before} again");
        return Err(Hindrance::NoWay(what));
    };
    let steps = way.windows(2).map(|step| {
        let (from, to) = (step[0], step[1]);
        let (actor, command) = by.pair();
        match (from, to) {
            (ExperimentState::Archived, _) => restored(experiment, RestoredFrom::Archive, by),
            (_, ExperimentState::Archived) => ExperimentArchived {
                experiment,
                from,
                actor,
                command,
            }
            .into(),
            _ => ExperimentStateMoved {
                experiment,
                from,
                to,
                actor,
                command,
            }
            .into(),
        }
    });
    Ok(steps.collect())
}

fn way(from: ExperimentState, to: ExperimentState) -> Option<Vec<ExperimentState>> {
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let at = *way.last()?;
        if at == to {
            return Some(way);
        }
        for next in at.moves().iter().filter(|next| !way.contains(next)) {
            ways.push_back([way.as_slice(), &[*next]].concat());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExperimentState::{Active, Archived, Completed, Draft, Paused};

    #[test]
    fn the_shortest_legal_way_leads_back() {
        assert_eq!(way(Paused, Active), Some(vec![Paused, Active]));
        assert_eq!(
            way(Completed, Active),
            Some(vec![Completed, Archived, Active])
        );
        assert_eq!(
            way(Archived, Completed),
            Some(vec![Archived, Active, Completed])
        );
        assert_eq!(way(Active, Draft), None, "nothing becomes a draft again");
    }
}
