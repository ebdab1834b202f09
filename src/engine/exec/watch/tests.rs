use super::*;
use crate::sys::tests::Scratch;
use crate::vrrp::Place;

fn params(path: &str) -> FileParams {
    FileParams {
        name: "f".into(),
        place: Place::default(),
        path: path.into(),
        initial: None,
        overwrite: false,
    }
}

fn secs(n: u64) -> Instant {
    Instant::from_secs(n)
}

/// What a turn of the loop finds out.
fn turn(files: &mut Files, now: Instant) -> Vec<(u16, i32)> {
    let mut buf = [0; 4096];
    files.ready();
    while files.take(&mut buf, now) {}
    if files.look_at().is_some_and(|at| at <= now) {
        files.look(now);
    }
    std::iter::from_fn(|| files.next_change())
        .map(|(file, value)| (file.0, value))
        .collect()
}

#[test]
fn integers_are_read_as_c_reads_them() {
    for (text, value) in [
        ("", Some(0)),
        ("\n", Some(0)),
        ("nonsense", Some(0)),
        ("-", Some(0)),
        (" \t\n\x0b 42\n", Some(42)),
        ("+7 8", Some(7)),
        ("-254", Some(-254)),
        ("0x1F", Some(31)),
        ("-0X10", Some(-16)),
        ("0x", Some(0)),
        ("0xg", Some(0)),
        ("010", Some(8)),
        ("019", Some(1)),
        ("08", Some(0)),
        ("12abc", Some(12)),
        ("2147483647", Some(i32::MAX)),
        ("-2147483648", Some(i32::MIN)),
        ("2147483648", None),
        ("-2147483649", None),
        ("99999999999999999999999999999999999999", None),
    ] {
        assert_eq!(integer(text.as_bytes()), value, "{text:?}");
    }
}

#[test]
fn a_file_comes_changes_is_replaced_and_goes() {
    let scratch = Scratch::new("watch-file");
    let path = scratch.path("value");
    let mut files = Files::new(&[params(&path)]);
    files.begin(secs(1));
    assert_eq!(turn(&mut files, secs(1)), [(0, 0)], "missing is 0");
    assert_eq!(files.look_at(), None, "its folder is watched");
    std::fs::write(&path, "5\n").unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 5)]);
    std::fs::write(&path, "5\n").unwrap();
    assert_eq!(turn(&mut files, secs(1)), [], "nothing new");
    std::fs::write(&path, "99999999999\n").unwrap();
    assert_eq!(turn(&mut files, secs(1)), [], "too large changes nothing");
    let other = scratch.path("other");
    std::fs::write(&other, "-3").unwrap();
    assert_eq!(turn(&mut files, secs(1)), []);
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, -3)]);
    std::fs::rename(&path, &other).unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 0)]);
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, -3)]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 0)]);
}

#[test]
fn a_folder_may_be_missing_go_and_come_again() {
    let scratch = Scratch::new("watch-folder");
    let (folder, path) = (scratch.path("d"), scratch.path("d/value"));
    let mut files = Files::new(&[params(&path), params(&scratch.path("there"))]);
    files.begin(secs(1));
    assert_eq!(turn(&mut files, secs(1)), [(0, 0), (1, 0)]);
    assert_eq!(files.look_at(), Some(secs(2)));
    for round in 0..3 {
        let now = secs(10 * (round + 1));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(&path, "7").unwrap();
        assert_eq!(turn(&mut files, now), [(0, 7)]);
        assert_eq!(files.look_at(), None, "found again");
        std::fs::write(&path, "8").unwrap();
        assert_eq!(turn(&mut files, now), [(0, 8)]);
        if round == 1 {
            std::fs::rename(&folder, scratch.path("elsewhere")).unwrap();
        } else {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        assert_eq!(turn(&mut files, now), [(0, 0)]);
        assert!(files.look_at().is_some(), "it is looked for");
    }
    std::fs::write(scratch.path("elsewhere/value"), "9").unwrap();
    std::fs::write(scratch.path("there"), "1").unwrap();
    assert_eq!(turn(&mut files, secs(100)), [(1, 1)]);
}

#[test]
fn links_are_followed_to_where_they_lead() {
    let scratch = Scratch::new("watch-link");
    let (real, path) = (scratch.path("real"), scratch.path("d/link"));
    std::fs::create_dir(scratch.path("d")).unwrap();
    std::fs::write(&real, "4").unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    let mut files = Files::new(&[params(&path)]);
    files.begin(secs(1));
    assert_eq!(turn(&mut files, secs(1)), [(0, 4)]);
    std::fs::write(&real, "6").unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 6)]);
    let (second, new) = (scratch.path("second"), scratch.path("d/new"));
    std::fs::write(&second, "1").unwrap();
    std::os::unix::fs::symlink(&second, &new).unwrap();
    std::fs::rename(&new, &path).unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 1)]);
    std::fs::write(&second, "2").unwrap();
    assert_eq!(turn(&mut files, secs(1)), [(0, 2)]);
}

#[test]
fn what_is_no_plain_file_counts_as_nothing_and_holds_nobody_up() {
    let scratch = Scratch::new("watch-fifo");
    let path = scratch.path("fifo");
    nix::unistd::mkfifo(path.as_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut files = Files::new(&[params(&path), params("/dev/zero"), params("/")]);
    files.begin(secs(1));
    assert_eq!(turn(&mut files, secs(1)), [(0, 0), (1, 0), (2, 0)]);
}

#[test]
fn lost_events_have_all_read_again() {
    let scratch = Scratch::new("watch-lost");
    let paths = [scratch.path("a"), scratch.path("b")];
    let mut files = Files::new(&paths.each_ref().map(|path| params(path)));
    files.begin(secs(1));
    turn(&mut files, secs(1));
    // Written, but what the kernel says about it is thrown away.
    paths
        .iter()
        .for_each(|path| std::fs::write(path, "3").unwrap());
    let mut buf = [0; 4096];
    while files
        .inotify
        .as_ref()
        .unwrap()
        .read(&mut buf)
        .unwrap()
        .is_some()
    {}
    assert_eq!(turn(&mut files, secs(1)), []);
    files.happened(&inotify::Happened {
        watch: -1,
        mask: inotify::OVERFLOW,
        name: &[],
    });
    assert_eq!(turn(&mut files, secs(1)), [(0, 3), (1, 3)]);
}

#[test]
fn a_kernel_without_inotify_is_asked_every_second() {
    let scratch = Scratch::new("watch-blind");
    let path = scratch.path("value");
    let mut files = Files::new(&[params(&path)]);
    files.inotify = None;
    files.begin(secs(1));
    assert_eq!(turn(&mut files, secs(1)), [(0, 0)]);
    std::fs::write(&path, "3").unwrap();
    assert_eq!(turn(&mut files, secs(1)), []);
    assert_eq!(files.look_at(), Some(secs(2)));
    assert_eq!(turn(&mut files, secs(2)), [(0, 3)]);
    assert_eq!(files.look_at(), Some(secs(3)));
}

#[test]
fn initial_values_are_written_where_there_are_none() {
    let scratch = Scratch::new("watch-init");
    let path = scratch.path("value");
    let with = |initial, overwrite| FileParams {
        initial: Some(initial),
        overwrite,
        ..params(&path)
    };
    Files::initialise(&[params(&path)]);
    assert!(std::fs::metadata(&path).is_err());
    for (file, text) in [
        (with(-7, false), "-7\n"),
        (with(8, false), "-7\n"),
        (with(9, true), "9\n"),
    ] {
        Files::initialise(&[file]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    // A folder that is missing is said and harmless.
    Files::initialise(&[FileParams {
        path: "/no/such/folder/f".into(),
        ..with(1, true)
    }]);
}
