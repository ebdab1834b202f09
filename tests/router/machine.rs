//! Machines on a virtual switch.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The switch: a process of this machine's, without any interface of it.
pub struct Switch {
    child: Child,
    pub folder: PathBuf,
}

impl Switch {
    pub fn start(folder: &Path) -> Switch {
        let child = Command::new("uml_switch")
            .arg("-unix")
            .arg("sw.ctl")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("uml_switch runs");
        let end = Instant::now() + PATIENCE;
        while !folder.join("sw.ctl").exists() {
            assert!(Instant::now() < end, "the switch does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Switch {
            child,
            folder: folder.to_owned(),
        }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One router.
pub struct Machine {
    child: Child,
    pub root: PathBuf,
    name: String,
    asked: u32,
}

impl Machine {
    pub fn boot(switch: &Switch, n: u32) -> Machine {
        let name = format!("r{n}");
        let root = switch.folder.join(&name);
        let _ = fs::remove_dir_all(root.join("var/ask"));
        fs::create_dir_all(root.join("var/ask")).expect("a folder");
        let child = Command::new("linux.uml")
            .current_dir(&switch.folder)
            .args(["mem=64M", "rootfstype=hostfs", "rw", "init=/sbin/init"])
            .arg(format!("rootflags={}", root.display()))
            .arg(format!("umid={name}"))
            .arg(format!("uml_dir={}", switch.folder.join("uml").display()))
            .arg(format!("eth0=daemon,02:00:00:00:00:0{n},unix,sw.ctl"))
            .args(["con=null", "con0=null,fd:1", "ssl=null", "quiet"])
            .stdin(Stdio::null())
            .stdout(
                fs::File::create(switch.folder.join(format!("{name}.console"))).expect("a file"),
            )
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("starting the machine");
        let mut machine = Machine {
            child,
            root,
            name,
            asked: 0,
        };
        machine.until("it boots", "echo here", |s| s.trim() == "here");
        machine
    }

    /// What a command says in there, with its errors.
    pub fn run(&mut self, command: &str) -> String {
        self.asked += 1;
        let ask = self.root.join(format!("var/ask/{}", self.asked));
        let said = ask.with_extension("said");
        fs::write(ask.with_extension("new"), command).expect("a question");
        fs::rename(ask.with_extension("new"), &ask).expect("its name");
        let end = Instant::now() + PATIENCE;
        while !said.exists() {
            assert!(
                Instant::now() < end,
                "{}: no answer to: {command}\n{}",
                self.name,
                self.console()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        String::from_utf8_lossy(&fs::read(&said).expect("the answer")).into_owned()
    }

    /// Repeats a command until it says what is wanted.
    pub fn until(&mut self, what: &str, command: &str, wanted: impl Fn(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let said = self.run(command);
            if wanted(&said) {
                return;
            }
            assert!(
                Instant::now() < end,
                "{}: {what}: never; {command} says:\n{said}\n{}\n{}",
                self.name,
                self.console(),
                super::root::log(&self.root)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn console(&self) -> String {
        let path = self.root.with_extension("console");
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// The power fails.
    pub fn cut(mut self) {
        self.kill();
    }

    fn kill(&mut self) {
        let group = nix::unistd::Pid::from_raw(self.child.id() as i32);
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Switches off in order, and waits for that.
    pub fn off(&mut self) {
        self.asked += 1;
        let ask = self.root.join(format!("var/ask/{}", self.asked));
        fs::write(ask, "poweroff").expect("a question");
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("our own child").is_none() {
            assert!(
                Instant::now() < end,
                "{} does not switch off:\n{}",
                self.name,
                self.console()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}
