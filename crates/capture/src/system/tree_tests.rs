//! Tests of the tree of processes over recorded ones.

use super::super::recorded::Recorded;
use super::*;

const ROOT: u32 = 100;

struct Watch {
    machine: Recorded,
    tree: Tree,
    numbers: u32,
}

impl Watch {
    /// A root that has used 1,000 ticks, looked at once.
    fn begin() -> Watch {
        let machine = Recorded::default();
        machine.set("/proc/uptime", "50.00 1.00\n");
        machine.process(1, 0, 0, (9000, 9000));
        machine.process(ROOT, 1, 1000, (1000, 0));
        let mut watch = Watch {
            machine,
            tree: Tree::new(ROOT),
            numbers: 0,
        };
        assert_eq!(watch.sample(0.0).processes, 1);
        watch
    }

    /// A second later, with new numbers given out.
    fn sample(&mut self, seconds: f64) -> Use {
        self.numbers += 1;
        let text = format!("0.1 0.1 0.1 1/100 {}", self.numbers);
        self.machine.set("/proc/loadavg", &text);
        let machine: &mut dyn Machine = &mut self.machine.clone();
        self.tree.sample(machine, seconds, &mut Vec::new()).unwrap()
    }
}

#[test]
fn children_and_their_children_count_with_all_they_used_since_they_began() {
    let mut watch = Watch::begin();
    watch.machine.process(ROOT, 1, 1000, (1010, 0));
    watch.machine.process(90, ROOT, 4990, (20, 0));
    watch.machine.process(80, 90, 4995, (5, 0));
    let used = watch.sample(1.0);
    assert_eq!((used.ticks, used.processes), (35, 3));
    assert_eq!((used.pages, used.threads), (750, 9));
    assert!(watch.tree.has(80) && !watch.tree.has(1));
}

#[test]
fn a_child_that_ends_and_was_waited_for_is_counted_once() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 4990, (30, 0));
    assert_eq!(watch.sample(1.0).ticks, 30);
    watch.machine.end(200);
    watch.machine.process(ROOT, 1, 1000, (1000, 45));
    let used = watch.sample(1.0);
    assert_eq!((used.ticks, used.processes), (15, 1));
    assert_eq!(watch.sample(1.0).ticks, 0);
}

#[test]
fn a_child_that_lived_between_two_samples_is_counted_by_who_waited_for_it() {
    let mut watch = Watch::begin();
    watch.machine.process(ROOT, 1, 1000, (1001, 70));
    assert_eq!(watch.sample(1.0).ticks, 71);
}

#[test]
fn a_child_nobody_waited_for_takes_nothing_back() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 4990, (500, 0));
    assert_eq!(watch.sample(1.0).ticks, 500);
    watch.machine.end(200);
    watch.machine.process(ROOT, 1, 1000, (1003, 0));
    assert_eq!(watch.sample(1.0).ticks, 3);
}

#[test]
fn a_whole_branch_that_ends_at_once_is_settled_with_its_living_ancestor() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 4990, (10, 0));
    watch.machine.process(201, 200, 4990, (100, 0));
    assert_eq!(watch.sample(1.0).ticks, 110);
    watch.machine.end(200);
    watch.machine.end(201);
    // 201 used 4 more and was waited for by 200, which used 1 more and was waited for by the root.
    watch.machine.process(ROOT, 1, 1000, (1000, 115));
    assert_eq!(watch.sample(1.0).ticks, 5);
}

#[test]
fn a_number_that_is_used_again_is_another_process() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 4990, (10, 0));
    watch.sample(1.0);
    watch.machine.process(200, 1, 4999, (7000, 0));
    let used = watch.sample(1.0);
    assert_eq!((used.ticks, used.processes), (0, 1));
}

#[test]
fn a_member_stays_one_when_its_parent_is_gone() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 4990, (10, 0));
    watch.machine.process(201, 200, 4990, (10, 0));
    watch.sample(1.0);
    watch.machine.end(200);
    watch.machine.process(201, 1, 4990, (60, 0));
    let used = watch.sample(1.0);
    assert_eq!((used.ticks, used.processes), (50, 2));
}

#[test]
fn what_a_process_used_before_it_was_noticed_makes_no_peak() {
    let mut watch = Watch::begin();
    watch.machine.process(200, ROOT, 2000, (2500, 0));
    assert_eq!(watch.sample(1.0).ticks, 0);
    watch.machine.process(200, ROOT, 2000, (2520, 0));
    assert_eq!(watch.sample(1.0).ticks, 20);
}

#[test]
fn nobody_looks_for_processes_while_no_number_is_given_out() {
    let mut watch = Watch::begin();
    watch.sample(1.0);
    watch.machine.take_reads();
    watch.numbers -= 1;
    watch.sample(1.0);
    let reads = watch.machine.take_reads();
    assert!(!reads.contains(&"/proc/1/stat".to_owned()), "{reads:?}");
    // Nor is a stranger asked twice.
    watch.sample(1.0);
    assert!(
        !watch
            .machine
            .take_reads()
            .contains(&"/proc/1/stat".to_owned())
    );
}

#[test]
fn a_machine_with_very_many_processes_is_looked_through_less_often() {
    let mut watch = Watch::begin();
    for number in 1000..3500 {
        watch.machine.process(number, 1, 10, (1, 1));
    }
    watch.sample(1.0);
    watch.machine.process(5000, ROOT, 4999, (1, 0));
    assert_eq!(watch.sample(1.0).processes, 1);
    let found = (0..5).find(|_| watch.sample(1.0).processes == 2);
    assert!(found.is_some_and(|waited| waited > 1), "{found:?}");
}

#[test]
fn lines_that_are_no_processes_are_none() {
    assert_eq!(told(b""), None);
    assert_eq!(told(b"17 (a) S 1 2 3"), None);
    assert_eq!(told(b"17 (\xff\xfe) S x"), None);
}
