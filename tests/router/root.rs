//! The folder a router boots from.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian's package has the kernel's modules.
const MODULES: &str = "/usr/lib/uml/modules";
/// What IPVS needs, with what that needs.
const WANTED: &[&str] = &["ip_vs", "ip_vs_rr"];

/// The two differ by their number alone.
fn config(n: u32) -> String {
    let priority = 200 - 50 * n;
    format!(
        "global_defs {{
    router_id r{n}
}}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    virtual_ipaddress {{
        192.0.2.100/24
    }}
}}
virtual_server 192.0.2.100 80 {{
    delay_loop 2
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 192.0.2.{n} 8080 {{
        weight 1
        TCP_CHECK {{
            connect_timeout 3
        }}
    }}
}}
"
    )
}

/// As on a small router: what must be mounted, the log, the network, then the scripts.
fn start(n: u32) -> String {
    format!(
        "#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
hostname r{n}
syslogd -l 8 -O /var/log/messages
ip link set lo up
ip link set eth0 up
ip addr add 192.0.2.{n}/24 dev eth0
nc -ll -p 8080 -e echo this is r{n} </dev/null >/dev/null 2>&1 &
for script in /etc/init.d/S??*; do [ ! -x $script ] || $script start; done
"
    )
}

const INITTAB: &str = "::sysinit:/etc/init.d/start
::respawn:/sbin/answer
::shutdown:/etc/init.d/end
";

const END: &str = "#!/bin/sh
for script in /etc/init.d/S??*; do [ ! -x $script ] || $script stop; done
sleep 1
umount -a 2>/dev/null
";

/// Answers the questions of the test: a file with a command becomes a file with what it said.
const ANSWER: &str = "#!/bin/sh
while :; do
	n=$((${n:-0} + 1))
	until [ -e /var/ask/$n ]; do sleep 0.1; done
	sh /var/ask/$n >/tmp/said 2>&1
	cp /tmp/said /var/ask/$n.part
	mv /var/ask/$n.part /var/ask/$n.said
done
";

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("folders");
    fs::copy(from, to).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
}

/// Makes the folder of machine `n`: busybox and what it starts.
pub fn assemble(root: &Path, n: u32) {
    for folder in ["proc", "sys", "dev", "tmp", "run", "var/log"] {
        fs::create_dir_all(root.join(folder)).expect("folders");
    }
    symlink("../run", root.join("var/run")).expect("a link");
    busybox(root);
    write(&root.join("etc/inittab"), INITTAB, 0o644);
    write(&root.join("etc/init.d/start"), &start(n), 0o755);
    write(&root.join("etc/init.d/end"), END, 0o755);
    write(&root.join("sbin/answer"), ANSWER, 0o755);
}

/// Makes it a router.
pub fn equip(root: &Path, n: u32, binary: &Path) {
    modules(root);
    let installed = Command::new("make")
        .args([
            "-s",
            "-C",
            env!("CARGO_MANIFEST_DIR"),
            "install",
            "INIT=busybox",
            "PREFIX=/usr",
        ])
        .arg(format!("DESTDIR={}", root.display()))
        .arg(format!("BIN={}", binary.display()))
        .env_remove("MAKEFLAGS")
        .output()
        .expect("make runs");
    assert!(
        installed.status.success(),
        "{}",
        String::from_utf8_lossy(&installed.stderr)
    );
    fs::remove_dir_all(root.join("etc/keepalived/samples")).expect("samples");
    write(
        &root.join("etc/keepalived/keepalived.conf"),
        &config(n),
        0o640,
    );
    write(
        &root.join("etc/default/keepalived"),
        "KEEPALIVED_OPTIONS=\"-D -S 3\"\n",
        0o644,
    );
}

/// busybox under all its names.
fn busybox(root: &Path) {
    let program = lookup("busybox");
    copy(&program, &root.join("bin/busybox"));
    let list = Command::new(&program)
        .arg("--list-full")
        .output()
        .expect("busybox runs");
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        let link = root.join(name);
        fs::create_dir_all(link.parent().expect("a folder")).expect("folders");
        if !link.exists() {
            symlink("/bin/busybox", &link).expect("a link");
        }
    }
    for (name, link) in [("init", "sbin/init"), ("sh", "bin/sh")] {
        assert!(
            root.join(link).symlink_metadata().is_ok(),
            "busybox has no {name}"
        );
    }
}

fn lookup(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|p| p.exists());
    found.unwrap_or_else(|| panic!("no {program}"))
}

/// The wanted modules, those they need, and their lines of modules.dep.
fn modules(root: &Path) {
    let version = fs::read_dir(MODULES).expect("the kernel's modules").next();
    let version = version.expect("a version").expect("an entry").path();
    let to = root
        .join("lib/modules")
        .join(version.file_name().expect("a name"));
    let table = fs::read_to_string(version.join("modules.dep")).expect("modules.dep");
    let lines = || table.lines().filter_map(|line| line.split_once(':'));
    let mut files: Vec<&str> = Vec::new();
    for (file, needs) in lines() {
        let name = Path::new(file).file_stem().and_then(|s| s.to_str());
        if name.is_some_and(|name| WANTED.contains(&name)) {
            files.push(file);
            files.extend(needs.split_whitespace());
        }
    }
    files.sort_unstable();
    files.dedup();
    let kept: String = lines()
        .filter(|(file, _)| files.contains(file))
        .map(|(file, needs)| format!("{file}:{needs}\n"))
        .collect();
    for file in files {
        copy(&version.join(file), &to.join(file));
    }
    write(&to.join("modules.dep"), &kept, 0o644);
}

/// What the router logged.
pub fn log(root: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root.join("var/log/messages")).unwrap_or_default())
        .into_owned()
}

/// Every file of it is one of those that were promised.
pub fn holds_nothing_else(root: &Path) {
    let mut open = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            let kind = path.symlink_metadata().expect("its kind");
            if kind.is_dir() {
                open.push(path);
            } else if !fs::read_link(&path).is_ok_and(|to| to == Path::new("/bin/busybox")) {
                let below = path
                    .strip_prefix(root)
                    .expect("below")
                    .display()
                    .to_string();
                if !below.starts_with("lib/modules/") {
                    files.push(below);
                }
            }
        }
    }
    files.sort();
    assert_eq!(
        files,
        [
            "bin/busybox",
            "etc/default/keepalived",
            "etc/init.d/S70holdfast",
            "etc/init.d/end",
            "etc/init.d/start",
            "etc/inittab",
            "etc/keepalived/keepalived.conf",
            "sbin/answer",
            "usr/bin/genhash",
            "usr/sbin/holdfast",
            "usr/sbin/keepalived",
            "var/run",
        ]
    );
}
