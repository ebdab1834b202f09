//! User Mode Linux: boots in seconds as an ordinary process, with IPVS and a clock of its own.

use crate::lab::stage;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};

/// Set for every process in the machine.
const INSIDE: &str = "HOLDFAST_IN_MACHINE";
/// The last line before the power goes off, with the exit status.
const VERDICT: &str = "the test in the machine ended with status ";
/// Where Debian's package has the kernel's modules.
const MODULES: &str = "/usr/lib/uml/modules";

/// Whether this process runs in the machine.
pub fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// A folder of this test's own below the target directory.
fn folder(name: &str) -> PathBuf {
    // Cargo tells only tests of it.
    let tmp = option_env!("CARGO_TARGET_TMPDIR");
    let tmp = tmp.unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
    let folder = Path::new(tmp).join(name.replace("::", "-"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("root/lib")).expect("a folder for the machine");
    symlink(MODULES, folder.join("root/lib/modules")).expect("a link to the modules");
    folder
}

/// What process 1 of the machine does.
fn init(folder: &Path, arguments: &str) -> String {
    let program = std::env::current_exe().expect("this program");
    let environment: String = [
        "HOLDFAST_BIN",
        "HOLDFAST_UNDER_TEST",
        "HOLDFAST_ROWS",
        "CHAOS_SEED",
        "CHAOS_SECONDS",
        "CI",
    ]
    .iter()
    .filter_map(|key| Some((key, std::env::var(key).ok()?)))
    .map(|(key, value)| format!("export {key}='{value}'\n"))
    .collect();
    format!(
        "#!/bin/sh\n\
         export PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin\n\
         export HOME=/root {INSIDE}=1\n{environment}\
         mount -t proc proc /proc\nmount -t sysfs sys /sys\nmount -t tmpfs run /run\n\
         mount -t devtmpfs dev /dev 2>/dev/null\n\
         for module in bridge veth macvlan dummy; do\n\
         modprobe -d '{root}' $module 2>/dev/null\ndone\n\
         printf '#!/bin/sh\\nexec /sbin/modprobe -d {root} \"$@\"\\n' > '{folder}/modprobe'\n\
         chmod 755 '{folder}/modprobe'\n\
         echo '{folder}/modprobe' > /proc/sys/kernel/modprobe\n\
         ip link set lo up\n\
         cd '{here}'\n\
         '{program}' {arguments}\n\
         echo \"{VERDICT}$?\"\n\
         busybox poweroff -f\nsleep 5\n",
        root = folder.join("root").display(),
        folder = folder.display(),
        here = env!("CARGO_MANIFEST_DIR"),
        program = program.display(),
    )
}

/// Boots the machine, runs the half of test `name` that is inside, and takes over its verdict.
pub fn boot(name: &str) {
    let mut said = String::new();
    let arguments = format!("--exact '{name}' --nocapture");
    let status = run(name, &arguments, &mut |line| {
        said.push_str(line);
        said.push('\n');
    });
    if let Some(why) = said.lines().find_map(|l| l.strip_prefix("SKIPPED")) {
        panic!("skipped in the machine{why}");
    }
    let told = said.lines().filter(|l| l.starts_with("         "));
    told.for_each(|line| println!("  {}", line.trim_start()));
    assert_eq!(status.as_deref(), Some("0"), "in the machine:\n{said}");
}

/// Boots the machine and runs this program in it, with these arguments (for the shell); `each` gets
/// the lines it prints. Its exit status; `None`: it did not come to an end.
pub fn run(name: &str, arguments: &str, each: &mut dyn FnMut(&str)) -> Option<String> {
    if !Path::new(MODULES).is_dir() {
        exit(stage::skip(&format!(
            "no modules in {MODULES}: apt-get install user-mode-linux"
        )));
    }
    let folder = folder(name);
    let script = folder.join("init.sh");
    fs::write(&script, init(&folder, arguments)).expect("its first program");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("chmod");
    let mut child = Command::new("linux.uml")
        .args([
            "mem=512M",
            "rootfstype=hostfs",
            "rootflags=/",
            "rw",
            "quiet",
        ])
        .arg(format!("init={}", script.display()))
        .arg(format!("uml_dir={}", folder.display()))
        .args(["con=null", "con0=null,fd:1", "ssl=null"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starting the machine");
    let mut status = None;
    let console = BufReader::new(child.stdout.take().expect("piped"));
    for line in console.split(b'\n') {
        let line = line.expect("its console");
        let line = String::from_utf8_lossy(&line).replace('\r', "");
        match line.strip_prefix(VERDICT) {
            Some(verdict) => status = Some(verdict.to_owned()),
            None => each(&line),
        }
    }
    child.wait().expect("our own child");
    status
}
