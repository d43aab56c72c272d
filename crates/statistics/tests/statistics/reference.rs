//! Every answer against `SciPy`'s and statsmodels', as `data/make.py` wrote them down.
//!
//! Invariants: numbers agree to 1e-10 of their value, or of the spread that they were computed from where they are a
//! difference. Ends of intervals of effects agree to 1e-8: they are roots of `SciPy`'s noncentral distributions, which
//! are themselves good to about that. What `SciPy` has no number for is not compared.

use mltrack_statistics::{
    self as statistics, Bootstrap, BootstrapInterval, Degrees, Interval, Outcome,
};
use serde_json::Value;

const LEVEL: f64 = 0.95;
const AGREEMENT: f64 = 1e-10;
const EFFECT_AGREEMENT: f64 = 1e-8;

fn cases(text: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).expect("make.py writes JSON");
    let cases = document["cases"].as_array().expect("make.py writes cases");
    cases.clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("a list of numbers");
    values
        .iter()
        .map(|value| value.as_f64().expect("a number"))
        .collect()
}

/// Says what differs, unless `found` is `expected` to `tolerance` of it, or of `unit` where that is larger.
#[track_caller]
fn agree(what: &str, found: f64, expected: f64, tolerance: f64, unit: f64) {
    let allowed = tolerance * expected.abs().max(unit);
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: {found:e}, expected {expected:e}"
    );
}

#[track_caller]
fn agree_with_ends(
    what: &str,
    found: (f64, Option<Interval>),
    expected: &Value,
    tolerance: f64,
    [unit, power]: [f64; 2],
) {
    let expect = |key: &str| expected[key].as_f64().map(|value| value * power);
    let value = expect("value").expect("a value");
    agree(what, found.0, value, AGREEMENT, unit);
    let Some(low) = expect("low") else {
        let is_told = expected.get("low").is_some();
        assert!(
            !is_told || found.1.is_none(),
            "{what}: an interval {:?}",
            found.1
        );
        return;
    };
    let interval = found.1.unwrap_or_else(|| panic!("{what}: no interval"));
    let high = expect("high").expect("both ends");
    agree(
        &format!("{what}, low end"),
        interval.low,
        low,
        tolerance,
        unit,
    );
    agree(
        &format!("{what}, high end"),
        interval.high,
        high,
        tolerance,
        unit,
    );
}

fn ask(test: &str, groups: &[&[f64]]) -> Result<Outcome, statistics::Error> {
    match test {
        "student" => statistics::student(groups[0], groups[1], LEVEL),
        "welch" => statistics::welch(groups[0], groups[1], LEVEL),
        "rank_sum" => statistics::rank_sum(groups[0], groups[1], LEVEL),
        "paired_t" => statistics::paired_t(groups[0], groups[1], LEVEL),
        "signed_rank" => statistics::signed_rank(groups[0], groups[1], LEVEL),
        "anova" => statistics::anova(groups, LEVEL),
        "kruskal" => statistics::kruskal_wallis(groups, LEVEL),
        strange => panic!("make.py asks {strange}"),
    }
}

fn check(name: &str, found: &Outcome, expected: &Value, power: f64) {
    let number = |key: &str| expected[key].as_f64().expect("a number");
    agree(name, found.statistic, number("statistic"), AGREEMENT, 1e-3);
    agree(&format!("{name}, p"), found.p, number("p"), AGREEMENT, 0.0);
    let degrees = match found.degrees {
        Degrees::None => vec![],
        Degrees::One(one) => vec![one],
        Degrees::Two(one, other) => vec![one, other],
    };
    let expected_degrees = numbers(&expected["degrees"]);
    assert_eq!(degrees.len(), expected_degrees.len(), "{name}: degrees");
    for (degree, expected) in degrees.iter().zip(expected_degrees) {
        agree(
            &format!("{name}, degrees"),
            *degree,
            expected,
            AGREEMENT,
            0.0,
        );
    }
    let method = expected["method"].as_str().expect("a method");
    assert_eq!(found.method.to_string(), method, "{name}");
    assert_eq!(
        found.difference.is_some(),
        !expected["difference"].is_null(),
        "{name}"
    );
    if let Some(difference) = found.difference {
        let spread = difference.interval.expect("t has an interval");
        let unit = (spread.high - spread.low) / power;
        let found = (difference.value, difference.interval);
        let what = format!("{name}, difference");
        agree_with_ends(
            &what,
            found,
            &expected["difference"],
            AGREEMENT,
            [unit * power, power],
        );
    }
    let effect = (found.effect.value, found.effect.interval);
    let what = format!("{name}, effect");
    agree_with_ends(
        &what,
        effect,
        &expected["effect"],
        EFFECT_AGREEMENT,
        [1e-3, 1.0],
    );
}

#[test]
fn tests_answer_as_scipy_does() {
    let mut compared = 0;
    for case in cases(include_str!("../data/tests.json")) {
        let name = case["name"].as_str().expect("a name");
        let groups: Vec<Vec<f64>> = case["groups"]
            .as_array()
            .expect("groups")
            .iter()
            .map(numbers)
            .collect();
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        let power = 2.0_f64.powi(case["scale"].as_i64().expect("an exponent") as i32);
        for (test, expected) in case["answers"].as_object().expect("answers by test") {
            let name = format!("{test} of {name}");
            let found = ask(test, &groups).unwrap_or_else(|error| panic!("{name}: {error}"));
            let counts: Vec<usize> = groups.iter().map(|values| values.len()).collect();
            assert_eq!(found.counts, counts, "{name}");
            check(&name, &found, expected, power);
            compared += 1;
        }
    }
    assert!(compared >= 250, "only {compared} answers were compared");
}

#[test]
fn p_values_agree_where_they_are_as_small_as_numbers_are() {
    let smallest = cases(include_str!("../data/tests.json"))
        .iter()
        .flat_map(|case| case["answers"].as_object().expect("answers").clone())
        .map(|(_, answer)| answer["p"].as_f64().expect("p"))
        .filter(|p| *p > 0.0)
        .fold(1.0, f64::min);
    assert!(smallest < 1e-250, "the smallest p-value is {smallest:e}");
}

#[test]
fn one_group_is_described_as_numpy_and_scipy_do() {
    for case in cases(include_str!("../data/describe.json")) {
        let values = numbers(&case["values"]);
        let found = statistics::describe(&values, LEVEL).expect("make.py describes finite values");
        let name = format!("{} values from {}", values.len(), values[0]);
        let unit = found.max - found.min;
        let mean = (found.mean, found.interval);
        agree_with_ends(&name, mean, &case["mean"], AGREEMENT, [unit, 1.0]);
        for (found, key) in [(found.deviation, "deviation"), (found.error, "error")] {
            assert_eq!(found.is_some(), !case[key].is_null(), "{name}: {key}");
            if let Some(found) = found {
                let expected = case[key].as_f64().expect("a number");
                agree(&format!("{name}, {key}"), found, expected, AGREEMENT, 0.0);
            }
        }
        for row in case["quantiles"].as_array().expect("quantiles") {
            let row = numbers(row);
            let quantile = statistics::quantile(&values, row[0]).expect("a fraction");
            agree(
                &format!("{name} at {}", row[0]),
                quantile,
                row[1],
                1e-15,
                unit,
            );
        }
        let median = statistics::median(&values).expect("values");
        agree(&name, median, found.median, 0.0, 0.0);
    }
}

#[test]
fn families_are_corrected_as_statsmodels_does() {
    for case in cases(include_str!("../data/holm.json")) {
        let corrected = statistics::holm(&numbers(&case["p"])).expect("p-values");
        for (found, expected) in corrected.iter().zip(numbers(&case["corrected"])) {
            agree("a corrected p-value", *found, expected, 1e-14, 0.0);
        }
    }
}

#[test]
fn the_same_resamples_give_the_intervals_of_scipy() {
    let mut compared = 0;
    for case in cases(include_str!("../data/bootstrap.json")) {
        let resamples = numbers(&case["resamples"]);
        if resamples.is_empty() {
            continue;
        }
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let found = [
            statistics::percentile_interval(&resamples, LEVEL),
            statistics::bca_interval(&resamples, &first, &second, LEVEL),
        ];
        for (found, key) in found.into_iter().zip(["percentile", "bca"]) {
            let (found, expected) = (found.expect("an interval"), numbers(&case[key]));
            agree(key, found.low, expected[0], AGREEMENT, 1e-3);
            agree(key, found.high, expected[1], AGREEMENT, 1e-3);
            compared += 1;
        }
    }
    assert_eq!(compared, 20);
}

/// Ends of 20,000 resamples against those of 200,000 of `SciPy`: the error of a quantile at 2.5 % is about
/// sqrt(0.025 * 0.975 / 20,000) / density, which is some 0.02 standard errors; five of those are allowed.
#[test]
fn resamples_of_our_own_give_intervals_near_those_of_scipy() {
    for case in cases(include_str!("../data/bootstrap.json")) {
        if case["resamples"]
            .as_array()
            .is_some_and(|resamples| !resamples.is_empty())
        {
            continue;
        }
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        let error = case["error"].as_f64().expect("a standard error");
        for (interval, key) in [
            (BootstrapInterval::Percentile, "percentile"),
            (BootstrapInterval::Bca, "bca"),
        ] {
            let options = Bootstrap {
                resamples: 20_000,
                seed: 3,
                interval,
            };
            let found =
                statistics::bootstrap(&first, &second, LEVEL, options).expect("groups vary");
            let found = found.difference.and_then(|difference| difference.interval);
            let (found, expected) = (found.expect("an interval"), numbers(&case[key]));
            for (end, expected) in [(found.low, expected[0]), (found.high, expected[1])] {
                let off = (end - expected).abs() / error;
                assert!(
                    off < 0.1,
                    "{key}: {end}, expected {expected}, {off} standard errors off"
                );
            }
        }
    }
}
