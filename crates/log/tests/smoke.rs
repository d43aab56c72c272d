//! scratch
use mltrack_log::*;
use std::time::{Duration, Instant};
fn collect(reader: &mut Reader) -> Vec<(u64, Vec<u8>)> {
    let mut out = vec![];
    loop { match reader.next_batch().unwrap() { Some(b) => for r in b { out.push((r.lsn.get(), r.payload.to_vec())) }, None => return out } }
}
#[test]
fn smoke() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let path = dir.path().join("s");
    let options = OpenOptions { segment_len: 4096, ..Default::default() };
    let (log, report) = Log::open(&path, options.clone()).unwrap();
    println!("{report:?}");
    let mut batch = Batch::new();
    for i in 0..1000u32 { batch.push(1, 1, None, &i.to_le_bytes()).unwrap(); log.append(&mut batch).unwrap(); }
    let mut reader = log.reader().unwrap();
    assert_eq!(collect(&mut reader).len(), 1000);
    let mut other = Reader::open(&path, &options).unwrap();
    assert_eq!(collect(&mut other).len(), 1000);
    log.close().unwrap();
    other.refresh().unwrap();
    assert_eq!(collect(&mut other).len(), 0);
    let mut other = Reader::open(&path, &options).unwrap();
    assert_eq!(collect(&mut other).len(), 1000);
    println!("{:?}", other.verdict());
    let (log, report) = Log::open(&path, options.clone()).unwrap();
    println!("{report:?}");
    batch.push(1, 1, None, b"x").unwrap();
    println!("{:?}", log.append(&mut batch).unwrap());
    std::mem::forget(log);
}
#[test]
fn speed() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let path = dir.path().join("s");
    let (log, _) = Log::open(&path, OpenOptions::default()).unwrap();
    let mut batch = Batch::new();
    for _ in 0..3 {
    let n = 2_000_000u32;
    let t = Instant::now();
    let mut max = Duration::ZERO;
    for i in 0..n { batch.push(1, 1, None, &[i as u8; 30]).unwrap(); log.append(&mut batch).unwrap(); }
    let e = t.elapsed();
    println!("append {:.0} ns", e.as_nanos() as f64 / n as f64);
    }
    let t = Instant::now();
    let mut reader = Reader::open(&path, &OpenOptions::default()).unwrap();
    let mut c = 0u64; while let Some(b) = reader.next_batch().unwrap() { for r in b { c += 1; std::hint::black_box(r); } }
    println!("read {c} {:.1} M/s", c as f64 / t.elapsed().as_secs_f64() / 1e6);
    let t = Instant::now(); log.close().unwrap(); println!("close {:?}", t.elapsed());
    let t = Instant::now(); let (log, r) = Log::open(&path, OpenOptions::default()).unwrap(); println!("open {:?} {r:?}", t.elapsed()); log.close().unwrap();
}
