//! Names of peers, made to fit.
//!
//! Invariant: what had to be changed for that is said.

use mltrack::NameKind;

use crate::report::Untaken;
use crate::source::RunHead;

/// A name that a store here takes: without control characters, and no longer than it may be.
pub(crate) fn fit(kind: NameKind, name: &str, place: &str, said: &mut Vec<Untaken>) -> String {
    if name.is_empty() || kind.check(name).is_ok() {
        return name.to_owned();
    }
    let fitted: String = in_a_line(name).take(NAME_CHARACTERS_MAX).collect();
    let what = format!("the name {:?}", name.chars().take(60).collect::<String>());
    let why = format!("{kind}; it is called {fitted:?} here");
    let place: String = in_a_line(place).collect();
    said.push(Untaken::noted(what, place, &why));
    fitted
}

/// Gives a run a name that fits.
pub(crate) fn fit_run(head: &mut RunHead) -> Vec<Untaken> {
    let mut said = Vec::new();
    head.name = fit(NameKind::Run, &head.name, &head.identity, &mut said);
    said
}

fn in_a_line(text: &str) -> impl Iterator<Item = char> {
    let clean = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    text.chars().map(clean)
}

/// Of experiments and of runs.
const NAME_CHARACTERS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_refused_is_made_to_fit_and_said() {
        let mut said = Vec::new();
        assert_eq!(fit(NameKind::Run, "kind-elk", "x", &mut said), "kind-elk");
        assert!(said.is_empty());
        assert_eq!(fit(NameKind::Run, "a\nb", "x", &mut said), "a b");
        let long = fit(NameKind::Run, &"é".repeat(300), "x", &mut said);
        assert_eq!((long.chars().count(), said.len()), (256, 2));
    }
}
