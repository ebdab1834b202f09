//! A machine of its own for one test: network, mounts and processes that nobody else sees.

use std::path::Path;
use std::process::{Command, Output};

/// Empty /etc, /run and /tmp; interfaces eth0 (192.0.2.1/24) and eth1. Whatever is still running
/// at the end dies with the cell. `$H` is holdfast; functions wait, at most ten seconds.
const PRELUDE: &str = r#"
R=$3
exec 8<"$R"
mount --make-rprivate / && for d in /etc /run /tmp; do mount -t tmpfs none $d || exit 111; done
# The project itself may lie below a folder that is hidden now. (-c: the link of the open folder is
# followed by the kernel, not by its name.)
[ -d "$R" ] || { mkdir -p "$R" && mount -c --bind /proc/self/fd/8 "$R"; } || exit 111
exec 8<&-
if [ -d /var/run ] && [ ! -L /var/run ]; then mount --bind /run /var/run || exit 111; fi
mkdir /etc/keepalived
ip link add eth0 type veth peer name eth1 || exit 111
ip link set eth0 up && ip link set eth1 up && ip addr add 192.0.2.1/24 dev eth0 || exit 111
H=$1 S=$2
cd /run
cat >good.conf <<E
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    version 3
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.100/24
    }
}
E
until_() { for _ in $(seq 200); do "$@" && return; sleep 0.05; done; echo "never: $*"; exit 99; }
holds() { ip -4 -o addr show dev eth0 | grep -q "192\.0\.2\.100/"; }
gone() { ! kill -0 "$1" 2>/dev/null; }
says() { grep -q "$2" "$1"; }
eval "$S"
"#;

/// Runs a shell script in a cell. `None`, with a word of why: there is no such thing here.
pub fn run(script: &str) -> Option<Output> {
    let program = Path::new(env!("CARGO_BIN_EXE_holdfast"));
    for how in [&[][..], &["-r"][..]] {
        let out = Command::new("unshare")
            .args(how)
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["--mount-proc", "sh", "-c", PRELUDE, "sh"])
            .arg(program)
            .arg(script)
            .arg(env!("CARGO_MANIFEST_DIR"))
            .env_remove("TMPDIR")
            .output();
        match out {
            Ok(out) if out.status.code() != Some(111) && !refused(&out) => return Some(out),
            _ => {}
        }
    }
    let why = "SKIPPED: no namespaces for a machine of its own (needs unshare and ip, and root or \
               user namespaces)";
    let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    assert!(!ci, "{why}; in CI nothing may be skipped");
    eprintln!("{why}");
    None
}

fn refused(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stderr).starts_with("unshare:")
}

/// Runs a script that must print exactly this; what a person would see on standard error is shown
/// when it does not.
#[track_caller]
pub fn expect(script: &str, want: &str) {
    let Some(out) = run(script) else { return };
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(
        said.trim_end(),
        want.trim_end(),
        "standard error:\n{errors}"
    );
    assert_eq!(out.status.code(), Some(0), "{errors}");
}
