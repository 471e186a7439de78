//! Makes `prctl(PR_GET_AUXV)` fail, as before Linux 6.4. Valgrind 3.19 hands it on to the kernel,
//! which names pages that valgrind has taken away from the program. A program that is refused reads
//! /proc/self/auxv, where valgrind leaves them out.
#![expect(unsafe_code, reason = "a filter of system calls is set between fork and exec")]

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Refuses it to the program of the command.
pub fn refuse(command: &mut Command) {
    // SAFETY: between fork and exec `filter` only makes system calls.
    unsafe { command.pre_exec(filter) };
}

fn filter() -> std::io::Result<()> {
    // Offsets in `seccomp_data`: number, and the lower half of the first argument.
    const NUMBER: u32 = 0;
    const ARGUMENT: u32 = 16;
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const JUMP: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    const PR_GET_AUXV: u32 = 0x4155_5856;
    let step = |code: u32, jump_unless: u8, value: u32| libc::sock_filter {
        code: u16::try_from(code).unwrap_or_default(),
        jt: 0,
        jf: jump_unless,
        k: value,
    };
    let number = u32::try_from(libc::SYS_prctl).unwrap_or_default();
    let refusal = libc::SECCOMP_RET_ERRNO | u32::try_from(libc::EINVAL).unwrap_or_default();
    let mut steps = [
        step(LOAD, 0, NUMBER),
        step(JUMP, 3, number),
        step(LOAD, 0, ARGUMENT),
        step(JUMP, 1, PR_GET_AUXV),
        step(RETURN, 0, refusal),
        step(RETURN, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: 6, filter: steps.as_mut_ptr() };
    // SAFETY: the filter is well formed, and outlives the calls.
    let is_set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) == 0
    };
    if is_set { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
