//! Files: pid files, atomic writes, the terminal, the node name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, RawFd};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::sys::check;

/// Gives a file of /proc/sys a value it does not have yet; whether it had another one.
pub fn switch(path: &str, value: &str) -> io::Result<bool> {
    if std::fs::read_to_string(path)?.trim() == value {
        return Ok(false);
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(value.as_bytes())?;
    Ok(true)
}

/// A file that says "process N is running" and is locked while it does.
///
/// The lock belongs to the open file (F_OFD_SETLK, fcntl(2)): a forked child keeps it alive, so a
/// second daemon cannot start while either of the two still runs.
#[derive(Debug)]
pub struct PidFile {
    file: File,
    path: PathBuf,
}

impl PidFile {
    /// Creates or takes over the file and writes our process id. The inner error: somebody else
    /// holds it, with the process id found inside.
    pub fn lock(path: &str) -> io::Result<Result<PidFile, Option<u32>>> {
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
                .open(path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            match lock_whole(&file) {
                Ok(()) => {}
                Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
                    let mut text = String::new();
                    let _ = (&mut file).take(32).read_to_string(&mut text);
                    return Ok(Err(text.trim().parse().ok()));
                }
                Err(e) => return Err(e),
            }
            if !is_still_at(&file, path) {
                continue; // its last owner removed it between our open and our lock
            }
            let mut this = PidFile {
                file,
                path: PathBuf::from(path),
            };
            this.rewrite()?;
            return Ok(Ok(this));
        }
    }

    /// Writes the process id of the calling process, after a fork.
    pub fn rewrite(&mut self) -> io::Result<()> {
        self.name(std::process::id())
    }

    /// Names another process, to which the caller hands the file over: before it ends itself, so
    /// that nobody ever reads the id of a process that is gone.
    pub fn name(&mut self, pid: u32) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        writeln!(self.file, "{pid}")
    }

    /// Removes the file if it still is ours, then gives up the lock. Merely dropping the value
    /// leaves the file.
    pub fn remove(self) {
        if is_still_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether somebody holds the lock of a pid file. Changes nothing.
pub fn locked(path: &str) -> bool {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK);
    let file = options.open(path);
    file.is_ok_and(|file| {
        matches!(lock_whole(&file), Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)))
    })
}

fn lock_whole(file: &File) -> io::Result<()> {
    // SAFETY: all zero is a valid flock; with F_OFD_SETLK its l_pid must be 0.
    let mut lock: libc::flock = unsafe { MaybeUninit::zeroed().assume_init() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: the pointer is to an initialised flock that outlives the call.
    check(unsafe {
        libc::fcntl(
            file.as_raw_fd(),
            libc::F_OFD_SETLK,
            std::ptr::from_ref(&lock),
        )
    })?;
    Ok(())
}

fn is_still_at(file: &File, path: impl AsRef<Path>) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), std::fs::symlink_metadata(path)) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// Writes a file whose name a person has given: a device, a pipe, or one of the links of /dev takes
/// the bytes, anything else is written atomically.
pub fn write_named(path: &str, bytes: &[u8]) -> io::Result<()> {
    let there = std::fs::symlink_metadata(path);
    let link = path.starts_with("/dev/");
    if there.is_ok_and(|m| !m.is_file() && !m.is_dir() && (link || !m.is_symlink())) {
        let file = OpenOptions::new().append(true).open(path);
        return file?.write_all(bytes);
    }
    write_atomically(path, bytes)
}

/// Writes a whole file under a temporary name and renames it into place: a reader sees the old
/// text or the new, never half. A symbolic link at either name is replaced, not followed; a device
/// or a pipe is an error (EINVAL).
pub fn write_atomically(path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = Atomic::new(path)?;
    file.write(bytes)?;
    file.finish()
}

/// The same, a part at a time. Dropped before its end it leaves nothing behind.
#[derive(Debug)]
pub struct Atomic {
    file: File,
    path: Box<str>,
    temporary: Option<Box<str>>,
}

impl Atomic {
    /// Opens the temporary file.
    pub fn new(path: &str) -> io::Result<Self> {
        let there = std::fs::symlink_metadata(path);
        if there.is_ok_and(|m| !m.is_file() && !m.is_symlink() && !m.is_dir()) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let temporary = format!("{path}.{}.tmp", std::process::id());
        Ok(Atomic {
            file: open_new(&temporary)?,
            path: path.into(),
            temporary: Some(temporary.into()),
        })
    }

    /// One more part.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// That was all.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            std::fs::rename(&**temporary, &*self.path)?;
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for Atomic {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = std::fs::remove_file(&**temporary);
        }
    }
}

fn open_new(path: &str) -> io::Result<File> {
    let open = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
            .open(path)
    };
    match open() {
        // Left behind by a process of the same number that was killed while writing.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            open()
        }
        other => other,
    }
}

/// Reads the beginning of a plain file without ever waiting for somebody: how many bytes of `buf`
/// are filled. Symbolic links are followed; EINVAL: it is no plain file.
pub fn read_head(path: &str, buf: &mut [u8]) -> io::Result<usize> {
    let plain = |is_file: bool| match is_file {
        true => Ok(()),
        false => Err(io::Error::from_raw_os_error(libc::EINVAL)),
    };
    // Looked at first: opening a device may do something. A FIFO put there afterwards is opened
    // without waiting for its writer.
    plain(std::fs::metadata(path)?.is_file())?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(path)?;
    plain(file.metadata()?.is_file())?;
    let mut len = 0;
    while len < buf.len() {
        match file.read_at(&mut buf[len..], len as u64)? {
            0 => break,
            read => len += read,
        }
    }
    Ok(len)
}

/// Writes a small file: a new one, or over an existing plain one if `replace`. Whether it did.
/// Symbolic links are not followed.
pub fn write_small(path: &str, bytes: &[u8], replace: bool) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .mode(0o644)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC);
    let mut file = match options.clone().create_new(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            if !replace {
                return Ok(false);
            }
            let file = options.open(path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::from_raw_os_error(libc::EINVAL));
            }
            file.set_len(0)?;
            file
        }
        other => other?,
    };
    file.write_all(bytes)?;
    Ok(true)
}

/// The real path of a file, all links resolved (realpath(3)).
pub fn real_path(path: &str) -> io::Result<String> {
    let path = std::fs::canonicalize(path)?;
    path.into_os_string()
        .into_string()
        .map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Whether a descriptor is a terminal.
pub fn isatty(fd: RawFd) -> bool {
    // SAFETY: takes a number and touches no memory.
    unsafe { libc::isatty(fd) == 1 }
}

/// The node name (`uname -n`); empty if there is none.
pub fn hostname() -> String {
    let mut name = [0_u8; 256];
    // SAFETY: pointer and length describe `name`, which outlives the call.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } != 0 {
        return String::new();
    }
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    String::from_utf8_lossy(&name[..end]).into_owned()
}

/// Bytes without a name, shared with every child forked later (memfd_create(2)).
#[derive(Debug)]
pub struct Memory {
    file: File,
}

impl Memory {
    /// Empty. `name` shows in /proc only.
    pub fn new(name: &std::ffi::CStr) -> io::Result<Self> {
        // SAFETY: the name is a NUL-terminated string that outlives the call.
        let fd = check(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })?;
        // SAFETY: the descriptor is new and nobody else's.
        let file = unsafe { File::from_raw_fd(fd) };
        Ok(Memory { file })
    }

    /// Another handle of the same bytes.
    pub fn share(&self) -> io::Result<Self> {
        let file = self.file.try_clone()?;
        Ok(Memory { file })
    }

    /// Replaces the content by these pieces, one behind the other; by nothing where that fails.
    pub fn write(&self, pieces: &[&[u8]]) -> io::Result<()> {
        self.resize(0)?;
        let mut at = 0u64;
        for piece in pieces {
            if let Err(e) = self.file.write_all_at(piece, at) {
                let _ = self.resize(0);
                return Err(e);
            }
            at = at.saturating_add(piece.len() as u64);
        }
        Ok(())
    }

    /// For those who map it.
    pub(in crate::sys) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Makes it so many bytes long; new ones are 0.
    pub fn resize(&self, bytes: usize) -> io::Result<()> {
        self.file.set_len(bytes as u64)
    }

    /// How many bytes there are.
    pub fn size(&self) -> io::Result<usize> {
        let len = self.file.metadata()?.len();
        usize::try_from(len).map_err(|_| io::Error::from_raw_os_error(libc::EFBIG))
    }

    /// The first bytes, as many as the buffer holds. Fails where there are fewer.
    pub fn read_start(&self, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, 0)
    }

    /// The content.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.size()?];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::tests::Scratch;
    use nix::sys::stat::Mode;

    #[test]
    fn a_pid_file_has_one_owner() {
        let scratch = Scratch::new("pid");
        let path = scratch.path("one.pid");
        let first = PidFile::lock(&path).unwrap().unwrap();
        let ours = std::process::id();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{ours}\n"));
        assert_eq!(PidFile::lock(&path).unwrap().unwrap_err(), Some(ours));
        first.remove();
        assert!(!Path::new(&path).exists());
        let mut again = PidFile::lock(&path).unwrap().unwrap();
        again.rewrite().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{ours}\n"));
        drop(again);
        std::fs::write(&path, "a longer text that is no number\n").unwrap();
        let third = PidFile::lock(&path).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{ours}\n"));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "of somebody else").unwrap();
        third.remove();
        assert!(Path::new(&path).exists(), "not ours any more");
    }

    #[test]
    fn links_and_devices_are_no_pid_files() {
        let scratch = Scratch::new("pid-link");
        let (link, target) = (scratch.path("link.pid"), scratch.path("target"));
        std::fs::write(&target, "precious").unwrap();
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(
            PidFile::lock(&link).unwrap_err().raw_os_error(),
            Some(libc::ELOOP)
        );
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
        assert!(PidFile::lock("/dev/null").is_err());
    }

    #[test]
    fn atomic_writes_replace_and_do_not_follow() {
        let scratch = Scratch::new("atomic");
        let (path, target) = (scratch.path("dump.json"), scratch.path("victim"));
        std::fs::write(&target, "precious").unwrap();
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(&target, &path).unwrap();
        std::fs::write(format!("{path}.{}.tmp", std::process::id()), "left behind").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
        assert!(write_atomically(&scratch.path("no/such/folder"), b"x").is_err());
    }

    #[test]
    fn a_device_takes_the_bytes_and_stays_one() {
        let scratch = Scratch::new("device");
        let (fifo, file) = (scratch.path("fifo"), scratch.path("file"));
        nix::unistd::mkfifo(fifo.as_str(), Mode::S_IRWXU).unwrap();
        assert_eq!(
            write_atomically(&fifo, b"x").unwrap_err().raw_os_error(),
            Some(libc::EINVAL)
        );
        let reader = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&fifo);
        write_named(&fifo, b"said").unwrap();
        let mut said = String::new();
        reader.unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "said");
        write_named(&file, b"said").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "said");
    }

    #[test]
    fn heads_are_read_of_plain_files_only_and_nothing_waits() {
        let scratch = Scratch::new("head");
        let (path, fifo) = (scratch.path("value"), scratch.path("fifo"));
        let mut buf = [0; 4];
        let missing = read_head(&path, &mut buf).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, "123456").unwrap();
        assert_eq!(read_head(&path, &mut buf).unwrap(), 4);
        assert_eq!(&buf, b"1234");
        nix::unistd::mkfifo(fifo.as_str(), Mode::S_IRWXU).unwrap();
        for odd in [&*fifo, "/dev/null", "/"] {
            assert_eq!(
                read_head(odd, &mut buf).unwrap_err().raw_os_error(),
                Some(libc::EINVAL),
                "{odd}"
            );
        }
    }

    #[test]
    fn small_files_are_new_or_replaced_on_request() {
        let scratch = Scratch::new("small");
        let (path, link) = (scratch.path("value"), scratch.path("link"));
        assert!(write_small(&path, b"17\n", false).unwrap());
        assert!(!write_small(&path, b"9\n", false).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "17\n");
        assert!(write_small(&path, b"9\n", true).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "9\n");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(write_small(&link, b"1\n", true).is_err());
        assert!(write_small(&scratch.path("no/such"), b"1\n", true).is_err());
        assert!(write_small("/dev/null", b"1\n", true).is_err());
        assert_eq!(real_path(&link).unwrap(), real_path(&path).unwrap());
    }

    #[test]
    fn there_is_a_node_name() {
        assert_eq!(
            hostname(),
            std::fs::read_to_string("/proc/sys/kernel/hostname")
                .unwrap()
                .trim()
        );
        assert!(!isatty(-1));
    }
}
