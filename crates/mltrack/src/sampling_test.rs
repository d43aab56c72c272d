//! Samples are what they say they are, and the same for ever.

use super::*;

fn all_methods(take: Take) -> [Sampling; 3] {
    [
        Sampling::random(take),
        Sampling::systematic(take),
        Sampling {
            take,
            ..Sampling::reservoir(0)
        },
    ]
}

#[test]
fn the_same_seed_takes_the_same_rows_for_ever() {
    let rows = |sampling: Sampling| sampling.seed(42).rows(1000).unwrap();
    let count = Take::Count(5);
    assert_eq!(rows(Sampling::random(count)), GOLDEN_RANDOM);
    assert_eq!(rows(Sampling::systematic(count)), GOLDEN_SYSTEMATIC);
    assert_eq!(rows(Sampling::reservoir(5)), GOLDEN_RESERVOIR);
    let groups = (0..1000).map(|row| if row % 10 == 0 { "rare" } else { "often" });
    let stratified = Sampling::stratified(Take::Count(10), "label").seed(42);
    assert_eq!(stratified.rows_by(groups).unwrap(), GOLDEN_STRATIFIED);
}

const GOLDEN_RANDOM: [u64; 5] = [317, 700, 793, 811, 981];
const GOLDEN_SYSTEMATIC: [u64; 5] = [162, 362, 562, 762, 962];
const GOLDEN_RESERVOIR: [u64; 5] = [218, 369, 480, 585, 923];
const GOLDEN_STRATIFIED: [u64; 10] = [8, 105, 442, 461, 491, 574, 594, 654, 771, 980];

#[test]
fn every_method_takes_as_many_different_rows_as_were_asked_for_in_order() {
    for total in [0, 1, 2, 10, 999] {
        for take in [
            Take::Count(0),
            Take::Count(1),
            Take::Count(7),
            Take::Percent(33.3),
            Take::All,
        ] {
            for sampling in all_methods(take) {
                let rows = sampling.rows(total).unwrap();
                assert_eq!(rows.len() as u64, take.of(total).unwrap(), "{sampling:?}");
                assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "{rows:?}");
                assert!(rows.iter().all(|row| *row < total));
            }
        }
    }
}

#[test]
fn every_row_is_as_likely_as_another() {
    for sampling in all_methods(Take::Count(3)) {
        let mut counts = [0_u32; 10];
        for seed in 0..10_000 {
            for row in sampling.clone().seed(seed).rows(10).unwrap() {
                counts[row as usize] += 1;
            }
        }
        let chi_square: f64 = counts
            .iter()
            .map(|count| (f64::from(*count) - 3000.0).powi(2) / 3000.0)
            .sum();
        assert!(chi_square < 27.9, "{sampling:?}: {counts:?}");
    }
}

#[test]
fn strata_keep_their_shares_and_a_row_does_not_depend_on_other_strata() {
    let groups = |row: u64| if row.is_multiple_of(4) { "a" } else { "b" };
    let sampling = Sampling::stratified(Take::Percent(10.0), "label").seed(1);
    let taken = sampling.rows_by((0..400).map(groups)).unwrap();
    let of_a = taken.iter().filter(|row| groups(**row) == "a").count();
    assert_eq!((taken.len(), of_a), (40, 10));
    let more = (0..400).map(groups).chain(std::iter::repeat_n("c", 100));
    let taken_of_more = sampling.rows_by(more).unwrap();
    assert_eq!(taken_of_more[..40], taken);
    assert!(sampling.rows(10).is_err());
}

#[test]
fn shares_add_up_and_the_largest_remainders_get_the_rest() {
    assert_eq!(shares(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(shares(7, &[50, 30, 20]), [4, 2, 1]);
    assert_eq!(shares(0, &[5]), [0]);
    assert_eq!(shares(3, &[]), [] as [u64; 0]);
    assert_eq!(shares(u64::MAX, &[u64::MAX, 0]), [u64::MAX, 0]);
}

#[test]
fn a_stream_is_sampled_in_one_pass_and_what_needs_its_length_is_refused() {
    let sampling = Sampling::reservoir(4).seed(9);
    let taken = sampling.of_iter(0..1000_u64).unwrap();
    assert_eq!(taken, sampling.rows(1000).unwrap());
    assert_eq!(sampling.of_iter(0..2).unwrap(), [0, 1]);
    let percent = Sampling::random(Take::Percent(1.0));
    assert!(percent.of_iter(0..10).is_err());
    assert!(Sampling::random(Take::Percent(101.0)).rows(1).is_err());
    assert!(Sampling::random(Take::Percent(f64::NAN)).rows(1).is_err());
}

#[test]
fn the_record_of_a_sample_says_which_rows_and_reads_back() {
    let sampling = Sampling::stratified(Take::Percent(0.5), "label").seed(3);
    let record = sampling.record(10, &[1, 7]);
    assert_eq!(record["method"], "stratified");
    assert_eq!(record["by"], "label");
    assert_eq!(record["take"]["percent"], 0.5);
    assert_eq!((&record["of"], &record["rows"]), (&10.into(), &2.into()));
    assert_ne!(
        record["rows_digest"],
        sampling.record(10, &[1, 8])["rows_digest"]
    );
    let back: Sampling = serde_json::from_value(record).unwrap();
    assert_eq!(back, sampling);
}
