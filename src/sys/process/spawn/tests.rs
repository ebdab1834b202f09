use super::*;
use crate::sys::process::{Exit, kill_group};
use crate::sys::tests::Scratch;
use std::time::Duration;

/// Waits for one child by id; the other tests of this process have children too.
fn wait(pid: i32) -> Exit {
    let mut status = 0;
    // SAFETY: the pointer is to an int that outlives the call.
    let waited = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(waited, pid);
    if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Status(libc::WEXITSTATUS(status))
    }
}

fn start(what: &Spawn<'_>) -> Exit {
    let started = spawn(what).unwrap();
    let exit = wait(started.pid());
    assert!(started.failure().is_none(), "{:?}", started.failure());
    exit
}

fn run(argv: &[&str]) -> Exit {
    start(&Spawn {
        argv,
        ..Spawn::default()
    })
}

/// The error number of a start that fails.
fn fails(what: &Spawn<'_>) -> Option<i32> {
    let error = match spawn(what) {
        Err(error) => Some(error),
        Ok(started) => {
            assert_eq!(wait(started.pid()), Exit::Status(127));
            started.failure()
        }
    };
    error?.raw_os_error()
}

fn file(scratch: &Scratch, text: &str, mode: u32) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = scratch.path("script");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn statuses_come_back_and_path_is_searched() {
    assert_eq!(run(&["/bin/sh", "-c", "exit 7"]), Exit::Status(7));
    assert_eq!(run(&["sh", "-c", "exit 0"]), Exit::Status(0));
    assert_eq!(run(&["sh", "-c", "kill -9 $$"]), Exit::Signal(9));
}

#[test]
fn a_start_that_fails_is_an_error_with_its_number() {
    let scratch = Scratch::new("spawn-plain");
    let fails = |argv: &[&str]| {
        fails(&Spawn {
            argv,
            ..Spawn::default()
        })
    };
    assert_eq!(fails(&["/no/such/program"]), Some(libc::ENOENT));
    assert_eq!(fails(&["no-such-program-anywhere"]), Some(libc::ENOENT));
    assert_eq!(fails(&["/etc"]), Some(libc::EACCES));
    assert_eq!(fails(&[&file(&scratch, "text", 0o644)]), Some(libc::EACCES));
    assert_eq!(fails(&[]), Some(libc::EINVAL));
    assert_eq!(fails(&["a\0b"]), Some(libc::EINVAL));
}

#[test]
fn a_script_without_interpreter_line_runs_in_sh() {
    let scratch = Scratch::new("spawn-bare");
    let script = file(
        &scratch,
        "test \"$1\" = 'one two' && test $# = 1 && exit 5\n",
        0o755,
    );
    assert_eq!(run(&[&script, "one two"]), Exit::Status(5));
}

#[test]
fn programs_get_a_clean_start() {
    // Standard descriptors are /dev/null, nothing else is open but ls's own, no signal is
    // blocked or ignored (but 32 to 34, which are the C library's own), and the group is the program's own.
    crate::sys::signal::disposition(libc::SIGPIPE, libc::SIG_IGN).unwrap();
    let check = r#"
        for n in 0 1 2; do test "$(readlink /proc/$$/fd/$n)" = /dev/null || exit 10; done
        set -- /proc/$$/fd/*
        for f; do test "$(readlink $f)" = /dev/zero && exit 11; done
        while read name value; do
            case $name in
                SigBlk:) test $((0x$value)) = 0 || exit 12;;
                SigIgn:) test $((0x$value & 0x7ffffffc7fffffff)) = 0 || exit 12;;
            esac
        done < /proc/$$/status
        read pid comm state parent group rest < /proc/$$/stat
        test "$group" = $$ || exit 13
        test -z "$IFS_TEST" || exit 14
        exit 42"#;
    // A descriptor that is not close-on-exec, as a careless starter would leave us.
    let stray = std::fs::File::open("/dev/zero").unwrap();
    nix::fcntl::fcntl(
        &stray,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
    )
    .unwrap();
    assert_eq!(run(&["/bin/sh", "-c", check]), Exit::Status(42));
}

#[test]
fn the_environment_is_filtered() {
    let argv = [
        "/bin/sh",
        "-c",
        "test -z \"$PATH_X\" && env | grep -q ^PATH= && exit 3; exit 4",
    ];
    assert_eq!(run(&argv), Exit::Status(3));
    assert!(std::env::var_os("PATH").is_some());
    let argv = [
        "/bin/sh",
        "-c",
        "/usr/bin/env | /usr/bin/grep -q ^CARGO && exit 3; exit 4",
    ];
    // Not the shell's own idea of PATH: the variables Cargo gives a test.
    let cargo: Vec<String> = std::env::vars().map(|(key, _)| key).collect();
    let cargo: Vec<&str> = cargo.iter().map(|key| key.as_str()).collect();
    let cargo: Vec<&str> = cargo
        .into_iter()
        .filter(|key| key.starts_with("CARGO"))
        .collect();
    let what = Spawn {
        argv: &argv,
        ..Spawn::default()
    };
    if !cargo.is_empty() {
        assert_eq!(start(&what), Exit::Status(3));
    }
    let without = Spawn {
        without: &cargo,
        ..what
    };
    assert_eq!(start(&without), Exit::Status(4));
}

#[test]
fn a_group_is_killed_as_one() {
    let argv = ["/bin/sh", "-c", "sleep 1000 & sleep 1000"];
    let pid = spawn(&Spawn {
        argv: &argv,
        ..Spawn::default()
    });
    let pid = pid.unwrap().pid();
    kill_group(pid, libc::SIGKILL).unwrap();
    assert_eq!(wait(pid), Exit::Signal(9));
}

#[test]
fn users_change_for_good_or_not_at_all() {
    let argv = [
        "/bin/sh",
        "-c",
        "test \"$(id -u) $(id -g) $(id -G)\" = '65534 65533 65533' && exit 3; exit 4",
    ];
    let as_nobody = Spawn {
        argv: &argv,
        user: Some((65534, 65533)),
        without: &[],
    };
    if crate::sys::process::own_user().0 == 0 {
        assert_eq!(start(&as_nobody), Exit::Status(3));
    } else {
        // Not root: it must be refused, never run as ourselves.
        assert_eq!(fails(&as_nobody), Some(libc::EPERM));
    }
    let own = Spawn {
        argv: &["/bin/sh", "-c", "exit 6"],
        user: Some(crate::sys::process::own_user()),
        without: &[],
    };
    assert_eq!(start(&own), Exit::Status(6));
}

#[test]
fn the_program_dies_with_its_starter() {
    // PDEATHSIG is visible only to the process itself; what can be seen is that a stopped
    // starter's death ends it. A forked child starts a sleeper, tells its id and dies.
    let (reader, writer) = nix::unistd::pipe().unwrap();
    // SAFETY: the child only spawns, writes and exits.
    if let nix::unistd::ForkResult::Parent { child } = unsafe { nix::unistd::fork() }.unwrap() {
        let mut bytes = [0; 4];
        nix::unistd::read(&reader, &mut bytes).unwrap();
        let sleeper = i32::from_ne_bytes(bytes);
        assert_eq!(wait(child.as_raw()), Exit::Status(0));
        for _ in 0..6000 {
            if !std::path::Path::new(&format!("/proc/{sleeper}/cmdline")).exists()
                || std::fs::read(format!("/proc/{sleeper}/cmdline"))
                    .unwrap_or_default()
                    .is_empty()
            {
                return;
            }
            nix::poll::poll(
                &mut [],
                Duration::from_millis(10)
                    .try_into()
                    .unwrap_or(nix::poll::PollTimeout::ZERO),
            )
            .unwrap();
        }
        panic!("the sleeper outlived its starter by a minute");
    }
    let pid = spawn(&Spawn {
        argv: &["/bin/sleep", "1000"],
        ..Spawn::default()
    })
    .map_or(0, |started| started.pid());
    let _ = nix::unistd::write(&writer, &pid.to_ne_bytes());
    // SAFETY: ends this process and touches no memory.
    unsafe { libc::_exit(0) }
}
