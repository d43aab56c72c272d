//! Tests of whole samples over recorded machines.

use std::time::Duration;

use super::recorded::{Recorded, RecordedGpus};
use super::*;

const STAT: &str = "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 7\n";
const STAT_LATER: &str = "cpu  160 0 120 770 150 0 0 0 90 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\n";
const MEMINFO: &str = "MemTotal:  8388608 kB\nMemFree: 1 kB\nMemAvailable:  6291456 kB\nSwapTotal: 4 kB\nSwapFree: 1 kB\n";
const MOUNTS_2: &str =
    "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const MOUNTS_1: &str = "\
30 23 0:26 /docker/17 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
31 23 0:27 /docker/17 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
";

struct Watch {
    sampler: Sampler,
    now: Instant,
}

fn watched() -> Watched {
    Watched {
        process: 100,
        store: Some("store".into()),
        is_whole: true,
    }
}

impl Watch {
    fn begin(machine: &Recorded, gpus: Option<RecordedGpus>) -> Watch {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test has no door, and any moment will do"
        )]
        let now = Instant::now();
        let gpus = gpus.map(|gpus| Box::new(gpus) as Box<dyn Gpus>);
        let sampler = Sampler::over(watched(), Box::new(machine.clone()), gpus, now);
        Watch { sampler, now }
    }

    fn later(&mut self, seconds: u64) -> Vec<(String, f64)> {
        self.now += Duration::from_secs(seconds);
        let samples = self.sampler.sample(self.now).iter();
        samples
            .map(|(name, value)| (name.to_string(), *value))
            .collect()
    }
}

fn value(samples: &[(String, f64)], name: &str) -> Option<f64> {
    let found = samples.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}

fn close(value: Option<f64>, wanted: f64) {
    assert!(
        value.is_some_and(|value| (value - wanted).abs() < 1e-9),
        "{value:?}, not {wanted}"
    );
}

#[test]
fn processors_and_memory_are_those_of_the_machine() {
    let machine = Recorded::with(&[("/proc/stat", STAT), ("/proc/meminfo", MEMINFO)]);
    let mut watch = Watch::begin(&machine, None);
    machine.set("/proc/stat", STAT_LATER);
    let samples = watch.later(2);
    // 80 of 200 ticks; what guests used is in `user` already.
    close(value(&samples, "system/cpu.percent"), 40.0);
    close(value(&samples, "system/memory.bytes"), 2_147_483_648.0);
    close(value(&samples, "system/memory.percent"), 25.0);
    close(value(&samples, "system/swap.percent"), 75.0);
    close(value(&samples, "system/disk.free.bytes"), 250.0);
    close(value(&samples, "system/disk.used.percent"), 75.0);
    machine.set("/proc/stat", "cpu garbage\n");
    machine.remove("/proc/meminfo");
    let samples = watch.later(1);
    assert_eq!(value(&samples, "system/cpu.percent"), None);
    assert_eq!(value(&samples, "system/memory.bytes"), None);
}

#[test]
fn a_machine_that_tells_nothing_has_no_values_but_those_of_its_disk() {
    let samples = Watch::begin(&Recorded::default(), None).later(1);
    assert!(
        samples
            .iter()
            .all(|(name, _)| name.starts_with("system/disk.")),
        "{samples:?}"
    );
}

#[test]
fn the_processes_of_the_program_are_measured_in_cores() {
    let machine = Recorded::with(&[("/proc/meminfo", MEMINFO), ("/proc/uptime", "50 1")]);
    machine.process(100, 1, 10, (1000, 0));
    let mut watch = Watch::begin(&machine, None);
    machine.process(100, 1, 10, (1300, 0));
    let samples = watch.later(2);
    close(value(&samples, "system/process.cpu.percent"), 150.0);
    close(value(&samples, "system/process.memory.bytes"), 1_024_000.0);
    close(value(&samples, "system/process.threads"), 3.0);
}

#[test]
fn partitions_and_devices_upon_devices_are_not_counted_twice() {
    let disks = |sda: (u64, u64), dm: u64| {
        let (read, written) = sda;
        format!(
            "8 0 sda 1 1 {read} 1 1 1 {written} 1\n8 1 sda1 1 1 {read} 1 1 1 {written} 1\n253 0 dm-0 1 1 {dm} 1 1 1 {dm} 1\n"
        )
    };
    let machine = Recorded::with(&[("/sys/block/sda/device", ""), ("/sys/block/dm-0/size", "")]);
    machine.set("/proc/diskstats", &disks((1000, 2000), 9));
    let mut watch = Watch::begin(&machine, None);
    machine.set("/proc/diskstats", &disks((1020, 2002), 999));
    let samples = watch.later(10);
    close(value(&samples, "system/disk.read.bytes_per_second"), 1024.0);
    close(value(&samples, "system/disk.write.bytes_per_second"), 102.4);
    // A disk that is pulled out and comes back with counters of its own.
    machine.set("/proc/diskstats", "8 0 sda 1 1 5 1 1 1 5 1\n");
    close(
        value(&watch.later(1), "system/disk.read.bytes_per_second"),
        0.0,
    );
}

fn interfaces(eth: u64, other: u64) -> String {
    let line =
        |name: &str, bytes: u64| format!("{name}: {bytes} 0 0 0 0 0 0 0 {bytes} 0 0 0 0 0 0 0\n");
    [
        "Inter-| Receive\n".to_owned(),
        line("    lo", other),
        line("  eth0", eth),
        line("veth12", other),
    ]
    .concat()
}

#[test]
fn the_network_is_what_leaves_the_machine() {
    let machine = Recorded::with(&[
        ("/sys/class/net/eth0/device", ""),
        ("/sys/class/net/lo/mtu", ""),
        ("/sys/class/net/veth12/mtu", ""),
    ]);
    machine.set("/proc/net/dev", &interfaces(1000, 1));
    let mut watch = Watch::begin(&machine, None);
    machine.set("/proc/net/dev", &interfaces(3000, 77_777));
    let samples = watch.later(2);
    close(
        value(&samples, "system/network.received.bytes_per_second"),
        1000.0,
    );
    close(
        value(&samples, "system/network.sent.bytes_per_second"),
        1000.0,
    );
}

#[test]
fn inside_a_container_the_network_is_the_way_out_of_it() {
    let machine = Recorded::with(&[
        ("/sys/class/net/eth0/mtu", ""),
        ("/sys/class/net/lo/mtu", ""),
    ]);
    machine.set("/proc/net/dev", &interfaces(1000, 1));
    let mut watch = Watch::begin(&machine, None);
    machine.set("/proc/net/dev", &interfaces(1500, 77_777));
    let samples = watch.later(1);
    close(
        value(&samples, "system/network.sent.bytes_per_second"),
        500.0,
    );
}

#[test]
fn the_tightest_group_of_version_2_counts_with_its_own_use() {
    let machine = Recorded::with(&[
        ("/proc/stat", STAT),
        ("/proc/meminfo", MEMINFO),
        ("/proc/self/cgroup", "0::/jobs/17/step\n"),
        ("/proc/self/mountinfo", MOUNTS_2),
        ("/sys/fs/cgroup/jobs/17/step/cpu.max", "max 100000\n"),
        ("/sys/fs/cgroup/jobs/17/cpu.max", "150000 100000\n"),
        ("/sys/fs/cgroup/jobs/cpu.max", "800000 100000\n"),
        (
            "/sys/fs/cgroup/jobs/17/cpu.stat",
            "usage_usec 1000000\nnr_periods 10\nnr_throttled 1\n",
        ),
        ("/sys/fs/cgroup/jobs/17/memory.max", "1073741824\n"),
        ("/sys/fs/cgroup/jobs/17/step/memory.max", "max\n"),
        ("/sys/fs/cgroup/jobs/17/memory.current", "805306368\n"),
        (
            "/sys/fs/cgroup/jobs/17/memory.stat",
            "anon 1\ninactive_file 268435456\n",
        ),
    ]);
    machine.process(100, 1, 10, (0, 0));
    let mut watch = Watch::begin(&machine, None);
    let stat = "usage_usec 2500000\nnr_periods 30\nnr_throttled 6\n";
    machine.set("/sys/fs/cgroup/jobs/17/cpu.stat", stat);
    let samples = watch.later(2);
    close(value(&samples, "system/cgroup.cpu.percent"), 50.0);
    close(value(&samples, "system/cgroup.cpu.throttled.percent"), 25.0);
    close(value(&samples, "system/cgroup.memory.bytes"), 536_870_912.0);
    close(value(&samples, "system/cgroup.memory.percent"), 50.0);
    let share = value(&samples, "system/process.memory.percent");
    close(share, 100.0 * 1_024_000.0 / 1_073_741_824.0);
}

#[test]
fn a_set_of_processors_limits_as_a_quota_does() {
    let machine = Recorded::with(&[
        ("/proc/stat", STAT),
        ("/proc/self/cgroup", "0::/\n"),
        ("/proc/self/mountinfo", MOUNTS_2),
        ("/sys/fs/cgroup/cpuset.cpus.effective", "0,2-3\n"),
        ("/sys/fs/cgroup/cpu.stat", "usage_usec 0\n"),
    ]);
    let mut watch = Watch::begin(&machine, None);
    machine.set("/sys/fs/cgroup/cpu.stat", "usage_usec 1500000\n");
    let samples = watch.later(1);
    close(value(&samples, "system/cgroup.cpu.percent"), 50.0);
    assert_eq!(value(&samples, "system/cgroup.cpu.throttled.percent"), None);
}

#[test]
fn groups_of_version_1_are_read_where_a_container_has_them() {
    let machine = Recorded::with(&[
        ("/proc/stat", STAT),
        ("/proc/meminfo", MEMINFO),
        (
            "/proc/self/cgroup",
            "9:memory:/docker/17\n4:cpu,cpuacct:/docker/17\n0::/docker/17\n",
        ),
        ("/proc/self/mountinfo", MOUNTS_1),
        ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        (
            "/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
            "nr_periods 1\nnr_throttled 0\n",
        ),
        ("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "1000000000\n"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "4294967296\n",
        ),
        (
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "1073741824\n",
        ),
        (
            "/sys/fs/cgroup/memory/memory.stat",
            "inactive_file 1\ntotal_inactive_file 0\n",
        ),
    ]);
    let mut watch = Watch::begin(&machine, None);
    machine.set("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "1500000000\n");
    let samples = watch.later(1);
    close(value(&samples, "system/cgroup.cpu.percent"), 25.0);
    close(value(&samples, "system/cgroup.memory.percent"), 25.0);
}

#[test]
fn a_group_without_a_limit_below_the_machine_has_no_numbers() {
    let machine = Recorded::with(&[
        ("/proc/stat", STAT),
        ("/proc/meminfo", MEMINFO),
        ("/proc/self/cgroup", "4:memory:/\n5:cpu:/\n"),
        ("/proc/self/mountinfo", MOUNTS_1),
        ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        ),
        (
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
            "1073741824\n",
        ),
    ]);
    let samples = Watch::begin(&machine, None).later(1);
    let is_of_group = |name: &str| name.starts_with("system/cgroup.");
    assert!(
        !samples.iter().any(|(name, _)| is_of_group(name)),
        "{samples:?}"
    );
}

fn busy_gpu() -> GpuReading {
    GpuReading {
        utilization_percent: Some(90.0),
        memory: Some((1 << 30, 4 << 30)),
        power_watts: Some(350.0),
        power_limit_watts: Some(700.0),
        temperature_celsius: Some(60.0),
        sm_clock_mhz: Some(1980.0),
        throttle_reasons: Some(0x4),
        processes: Some(vec![(100, 1000), (101, 500), (7, 9999)]),
        busy: Some(vec![(101, 40.0), (7, 50.0)]),
        ..GpuReading::default()
    }
}

fn machine_with_a_child() -> Recorded {
    let machine = Recorded::with(&[("/proc/uptime", "50 1"), ("/proc/loadavg", "0 0 0 1/1 101")]);
    machine.process(100, 1, 10, (0, 0));
    machine.process(101, 100, 10, (0, 0));
    machine.process(7, 1, 10, (0, 0));
    machine
}

#[test]
fn a_gpu_tells_about_itself_and_about_our_processes() {
    let gpus = RecordedGpus::default();
    gpus.0.lock().unwrap().push(Ok(busy_gpu()));
    let samples = Watch::begin(&machine_with_a_child(), Some(gpus)).later(1);
    for (name, wanted) in [
        ("utilization.percent", 90.0),
        ("memory.percent", 25.0),
        ("power.percent", 50.0),
        ("temperature.celsius", 60.0),
        ("clock.sm.mhz", 1980.0),
        ("throttle.reasons", 4.0),
        ("throttle.power", 1.0),
        ("throttle.thermal", 0.0),
        ("process.memory.bytes", 1500.0),
        ("process.utilization.percent", 40.0),
    ] {
        close(value(&samples, &format!("system/gpu.0.{name}")), wanted);
    }
    assert_eq!(value(&samples, "system/gpu.0.clock.memory.mhz"), None);
}

#[test]
fn a_gpu_cut_into_instances_tells_their_memory_and_no_utilization() {
    let reading = GpuReading {
        memory: Some((3 << 30, 80 << 30)),
        instances: vec![(0, 1 << 30, 10 << 30), (3, 2 << 30, 20 << 30)],
        processes: Some(vec![(88, 1)]),
        ..GpuReading::default()
    };
    let gpus = RecordedGpus::default();
    gpus.0.lock().unwrap().push(Ok(reading));
    let samples = Watch::begin(&machine_with_a_child(), Some(gpus)).later(1);
    close(value(&samples, "system/gpu.0.mig.3.memory.percent"), 10.0);
    assert_eq!(value(&samples, "system/gpu.0.utilization.percent"), None);
    assert_eq!(value(&samples, "system/gpu.0.process.memory.bytes"), None);
}

#[test]
fn a_gpu_that_is_lost_ends_its_series_with_one_warning() {
    let gpus = RecordedGpus::default();
    *gpus.0.lock().unwrap() = vec![Ok(busy_gpu()), Ok(busy_gpu())];
    let mut watch = Watch::begin(&machine_with_a_child(), Some(gpus.clone()));
    watch.later(1);
    assert!(watch.sampler.take_warnings().is_empty());
    gpus.0.lock().unwrap()[0] = Err("it fell off the bus".to_owned());
    for _ in 0..3 {
        let samples = watch.later(1);
        assert_eq!(value(&samples, "system/gpu.0.power.watts"), None);
        close(value(&samples, "system/gpu.1.power.watts"), 350.0);
    }
    assert_eq!(
        watch.sampler.take_warnings(),
        ["GPU 0 is sampled no more: it fell off the bus"]
    );
    gpus.0.lock().unwrap()[0] = Ok(busy_gpu());
    assert_eq!(value(&watch.later(1), "system/gpu.0.power.watts"), None);
}

#[test]
fn a_rank_beside_another_tells_only_about_its_processes() {
    let machine = machine_with_a_child();
    machine.set("/proc/stat", STAT);
    let gpus = RecordedGpus::default();
    gpus.0.lock().unwrap().push(Ok(busy_gpu()));
    let mut watch = Watch::begin(&machine, Some(gpus));
    watch.sampler.watched.is_whole = false;
    let samples = watch.later(1);
    assert!(
        samples.iter().all(|(name, _)| name.contains("process.")),
        "{samples:?}"
    );
    assert!(
        samples
            .iter()
            .any(|(name, _)| name.starts_with("system/gpu.0."))
    );
}

#[test]
fn this_machine_can_be_sampled() {
    #[expect(clippy::disallowed_methods, reason = "a test has no door")]
    let now = Instant::now();
    let watched = Watched {
        process: std::process::id(),
        store: Some(std::env::temp_dir()),
        is_whole: true,
    };
    let mut machine = Sampler::new(watched, now);
    let samples = machine.sample(now + Duration::from_secs(1)).to_vec();
    let has = |name: &str| samples.iter().any(|(known, _)| known == name);
    for name in [
        "system/memory.bytes",
        "system/process.memory.bytes",
        "system/disk.free.bytes",
    ] {
        assert!(has(name), "{name} is missing in {samples:?}");
    }
    assert!(
        samples.iter().all(|(_, value)| value.is_finite()),
        "{samples:?}"
    );
}
