//! The page that explains filters says what is so.

use mltrack_projector_runs::search::{Mode, parse};

use crate::support::{Table, ask};

const PAGE: &str = include_str!("../../../../docs/search.md");

/// The lines of every block of one kind.
fn lines(kind: &str) -> Vec<&'static str> {
    let open = format!("```{kind}\n");
    let blocks = PAGE.split(&open).skip(1);
    blocks
        .flat_map(|block| block.split("```").next().unwrap_or_default().lines())
        .collect()
}

#[test]
fn every_filter_of_the_page_is_read() {
    // Nothing is logged, so every name may still come: what is wrong with a literal is found all the same.
    let empty = Table(Vec::new());
    let (full, mlflow) = (lines("filter"), lines("mlflow"));
    assert!(full.len() > 15 && mlflow.len() > 4);
    for filter in full {
        assert!(ask(&empty, Mode::Full, filter, &[]).is_ok(), "{filter}");
    }
    for filter in lines("experiments") {
        assert!(
            ask(&empty, Mode::Experiments, filter, &["-updated"]).is_ok(),
            "{filter}"
        );
    }
    for filter in mlflow {
        assert!(ask(&empty, Mode::Mlflow, filter, &[]).is_ok(), "{filter}");
    }
}

#[test]
fn every_refused_filter_of_the_page_is_refused() {
    let refused = lines("refused");
    assert!(refused.len() > 10);
    for filter in refused {
        assert!(parse(filter, Mode::Mlflow).is_err(), "{filter}");
    }
}
