//! What a bare machine lacks: `tests/deps.sh` installs it when that is possible, else names it.

use std::path::Path;
use std::process::{Command, Stdio};

/// Where a program is.
pub fn find(program: &str) -> Option<String> {
    let path =
        std::env::var("PATH").unwrap_or_default() + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/frr";
    path.split(':')
        .map(|dir| format!("{dir}/{program}"))
        .find(|file| Path::new(file).is_file())
}

/// Makes sure that programs are there. `Err` says what is missing and what would help.
pub fn need(programs: &[&str]) -> Result<(), String> {
    if programs.iter().all(|p| find(p).is_some()) {
        return Ok(());
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deps.sh");
    let done = Command::new("sh")
        .arg(script)
        .args(programs)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("not installed: {}; {script}: {e}", programs.join(", ")))?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    match done.status.success() {
        true => Ok(()),
        false => Err(said.lines().last().unwrap_or("tests/deps.sh failed").into()),
    }
}
