//! What processes take: of the processor, of memory.

use std::fs;

/// Processor time of these processes so far, nanoseconds.
pub fn cpu(processes: &[i32]) -> u64 {
    processes.iter().map(|pid| cpu_of(*pid)).sum()
}

fn cpu_of(pid: i32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a live process");
    tasks
        .map(|task| {
            let file = task.expect("a thread").path().join("schedstat");
            let text = fs::read_to_string(&file).expect("a kernel with CONFIG_SCHED_INFO");
            let first = text.split(' ').next().and_then(|n| n.parse::<u64>().ok());
            first.expect("nanoseconds on the processor")
        })
        .sum()
}

/// A line's kibibytes in a file of /proc, summed over these processes; in bytes.
pub fn memory(processes: &[i32], file: &str, key: &str) -> i64 {
    let of = |pid: &i32| {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).expect("a live process");
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix(key))
            .expect("the key")
            .trim();
        line.trim_end_matches(" kB")
            .parse::<i64>()
            .expect("kibibytes")
            * 1024
    };
    processes.iter().map(of).sum()
}
