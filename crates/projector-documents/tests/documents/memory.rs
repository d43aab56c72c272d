//! What documents cost in memory.

use mltrack_projector_documents::Documents;

use crate::support::{apply, put};

const COUNT: u64 = 300_000;

/// Memory of this process that belongs to no file, in bytes.
fn anonymous_len() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib << 10)
}

#[test]
fn many_documents_cost_their_ids_and_little_more() {
    let Some(before) = anonymous_len() else {
        // Only Linux tells.
        return;
    };
    // What stays in memory at most: 4 MiB of bodies of the kind.
    let body = format!("{:?}", "x".repeat(2000));
    let mut documents = Documents::default();
    for at in 0..COUNT {
        // The ids of spans: 35 bytes of a trace, a slash, 16 of a span, in no order.
        let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = format!("tr-{mixed:032x}/{:016x}", mixed.rotate_left(17));
        apply(&mut documents, at + 1, put("mlflow.span", &id, &body));
    }
    let cost =
        anonymous_len().unwrap_or(before).saturating_sub(before) - documents.kept_len() as u64;
    assert_eq!(documents.count("mlflow.span") as u64, COUNT);
    println!("{} bytes for each of {COUNT} documents", cost / COUNT);
    assert!(cost / COUNT <= 200, "{} bytes each", cost / COUNT);
}
