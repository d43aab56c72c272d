//! Texts, tables and confusion matrices keep their shape.

use mltrack::{Code, ConfusionMatrix, Shape, Table};
use serde_json::json;

use crate::support::Store;

#[test]
fn each_shape_is_read_back_as_what_it_was_and_other_json_is_none() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("pets")
        .unwrap()
        .start_run()
        .unwrap();
    let table = Table::new(["word", "count"], vec![vec![json!("cat"), json!(3)]]).unwrap();
    let matrix = ConfusionMatrix::new(["cat", "dog"], vec![vec![3, 1], vec![0, 0]]).unwrap();
    run.log_text("sample", 0, "the cat sat").unwrap();
    run.log_table("words", 0, &table).unwrap();
    run.log_confusion_matrix("matrix", 0, &matrix).unwrap();
    run.log_json("own", 0, &json!({"kind": "table"})).unwrap();
    // Written by somebody else, and not quite a matrix.
    let crooked = json!({"mltrack": "confusion_matrix", "labels": ["a"], "counts": [[1, 2]]});
    run.log_json("crooked", 0, &crooked).unwrap();
    run.finish().unwrap();

    let shape = |name: &str| {
        let found = store.tracker.json_values(run.id(), name).fetch().unwrap();
        assert_eq!(found.len(), 1, "{name}");
        Shape::of(&found[0].value)
    };
    let text = "the cat sat".to_owned();
    assert_eq!(shape("sample"), Some(Shape::Text { text }));
    assert_eq!(shape("words"), Some(Shape::Table(table)));
    assert_eq!(
        shape("matrix"),
        Some(Shape::ConfusionMatrix(matrix.clone()))
    );
    assert_eq!(shape("own"), None);
    assert_eq!(shape("crooked"), None);
    assert_eq!(matrix.normalised(), [[0.75, 0.25], [0.0, 0.0]]);
    assert_eq!(matrix.accuracy(), Some(0.75));
}

#[test]
fn a_crooked_table_or_matrix_is_refused_with_what_is_wrong() {
    let refused = Table::new(["a", "b"], vec![vec![json!(1)]]).unwrap_err();
    assert_eq!(refused.code(), Code::ValidationError);
    assert!(refused.to_string().contains("row 0"), "{refused}");
    let refused = ConfusionMatrix::new(["a", "b"], vec![vec![1, 2]]).unwrap_err();
    assert!(refused.to_string().contains("2 labels"), "{refused}");
    assert_eq!(
        ConfusionMatrix::new(Vec::<String>::new(), vec![])
            .unwrap()
            .accuracy(),
        None
    );
}
