//! One machine of the lab: a network, a /run, a /dev/log.

use super::stage::{self, holder};
use super::syslog::Sink;
use super::{output, sh};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

/// A router or client.
pub struct Node {
    pub name: String,
    /// Its /run as this process sees it.
    pub run: PathBuf,
    /// What its programs log.
    pub log: Sink,
    holder: Child,
}

impl Node {
    /// Only its namespaces; `Lab::plug` connects it.
    pub fn new(name: &str) -> Node {
        let run = PathBuf::from(stage::DIR).join(name);
        let holder = holder(&run);
        fs::create_dir_all(run.join("tmp")).expect("its TMPDIR");
        let log = Sink::bind(&run.join("log.sock"));
        let node = Node {
            name: name.to_owned(),
            run,
            log,
            holder,
        };
        node.run("ln -s /run/log.sock /dev/log");
        node
    }

    /// The process that holds its namespaces.
    pub fn holder(&self) -> u32 {
        self.holder.id()
    }

    /// Its port on the switch.
    pub fn port(&self) -> String {
        format!("p-{}", self.name)
    }

    /// A command to be run inside.
    pub fn command(&self, program: &str) -> Command {
        let mut command = stage::stage("in", &[&self.holder().to_string(), program]);
        command.env("TMPDIR", "/run/tmp").current_dir("/");
        command
    }

    /// Runs a command line (split at blanks) inside; panics if it fails.
    #[track_caller]
    pub fn run(&self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let mut command = self.command(words.next().expect("a command"));
        output(command.args(words), &format!("{}: {line}", self.name))
    }

    /// Runs `ip …` inside.
    #[track_caller]
    pub fn ip(&self, line: &str) -> String {
        let holder = self.holder().to_string();
        let mut command = stage::stage("in", &[&holder, "ip"]);
        output(
            command.args(line.split_whitespace()),
            &format!("{}: ip {line}", self.name),
        )
    }

    /// IPv4 addresses of an interface in the kernel's order, as `192.0.2.1/24`.
    pub fn addresses(&self, interface: &str) -> Vec<String> {
        let text = self.ip(&format!("-o -4 addr show dev {interface}"));
        text.lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace().skip_while(|w| *w != "inet");
                words.nth(1).map(str::to_owned)
            })
            .collect()
    }

    /// Whether eth0 has the address.
    pub fn holds(&self, address: &str) -> bool {
        let address = address.split('/').next().expect("split gives one");
        self.addresses("eth0")
            .iter()
            .any(|a| a.split('/').next() == Some(address))
    }

    /// How many of these addresses eth0 has.
    pub fn holds_of(&self, addresses: &[&str]) -> usize {
        let have = self.addresses("eth0");
        let plain: Vec<&str> = have.iter().filter_map(|a| a.split('/').next()).collect();
        addresses.iter().filter(|a| plain.contains(a)).count()
    }

    /// Gives eth0 IPv6, with a link-local address that is usable at once.
    pub fn ipv6(&self) {
        self.sysctl("net/ipv6/conf/eth0/dad_transmits", "0");
        self.sysctl("net/ipv6/conf/eth0/router_solicitations", "0");
        self.sysctl("net/ipv6/conf/eth0/disable_ipv6", "0");
        super::wait_for("a link-local address", 10, || {
            let text = self.ip("-o -6 addr show dev eth0 scope link");
            text.contains("fe80") && !text.contains("tentative")
        });
    }

    /// IPv6 addresses of eth0, without their prefix.
    pub fn addresses6(&self) -> Vec<String> {
        let text = self.ip("-o -6 addr show dev eth0");
        let words = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace().skip_while(|w| *w != "inet6");
            words.nth(1)
        });
        words
            .filter_map(|w| w.split('/').next().map(str::to_owned))
            .collect()
    }

    /// The cable's other end up or down: the router sees its carrier go.
    pub fn carrier(&self, up: bool) {
        sh(&format!(
            "ip link set {} {}",
            self.port(),
            if up { "up" } else { "down" }
        ));
    }

    /// The router's own interface up or down.
    pub fn admin(&self, up: bool) {
        self.ip(&format!("link set eth0 {}", if up { "up" } else { "down" }));
    }

    /// In the switch or silently cut off from it (the carrier stays).
    pub fn reachable(&self, yes: bool) {
        sh(&format!(
            "ip link set {} {}",
            self.port(),
            if yes { "master br0" } else { "nomaster" }
        ));
    }

    /// Sets a kernel parameter of its network, named by its path below /proc/sys.
    pub fn sysctl(&self, path: &str, value: &str) {
        let done = stage::in_network(self.holder(), || {
            fs::write(format!("/proc/sys/{path}"), value)
        });
        done.unwrap_or_else(|e| panic!("{path}: {e}"));
    }

    /// Writes a file below its /run; the path is as programs inside see it.
    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.run.join(name), text).expect("writing a file of the lab");
        format!("/run/{name}")
    }

    /// The same, with the run bit.
    pub fn script(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(name, text);
        fs::set_permissions(self.run.join(name), fs::Permissions::from_mode(0o755)).expect("chmod");
        path
    }

    /// Reads a file below its /run; empty if there is none.
    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.run.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
