//! Threads of low priority. They have the whole machine while no other thread needs it.

/// Gives the calling thread about a tenth of a core while other threads want all of it. Used where
/// threads cannot be idle.
fn low() {
    const NICE: i32 = 10;
    // On Linux this concerns one thread.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "cannot lower the priority of a thread");
    }
}

/// Gives the calling thread only the time that no other thread wants. The kernel counts its core as
/// free, so a thread that wakes up is put there and begins at once. Beside threads that are merely
/// [`low`], other threads wait for each other while a low thread keeps a core.
pub fn idle() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{
            NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy,
            set_thread_priority_and_policy, thread_native_id,
        };
        let policy = ThreadSchedulePolicy::Normal(Idle);
        if let Err(error) =
            set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
        {
            tracing::warn!(?error, "cannot make a thread idle");
            low();
        }
    }
    #[cfg(not(target_os = "linux"))]
    low();
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a broken test stops the test"
    )]

    /// The 19th field of a thread's `stat` is its nice value, the 41st its policy.
    fn of_a_thread(change: fn()) -> (String, String) {
        std::thread::spawn(move || {
            change();
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
            (fields[16].to_owned(), fields[38].to_owned())
        })
        .join()
        .unwrap()
    }

    #[test]
    fn priorities_are_those_of_one_thread() {
        let (normal, idle) = ("0", "5");
        assert_eq!(of_a_thread(super::low), ("10".to_owned(), normal.to_owned()));
        assert_eq!(of_a_thread(super::idle).1, idle);
        assert_eq!(of_a_thread(|| ()), ("0".to_owned(), normal.to_owned()));
    }
}
